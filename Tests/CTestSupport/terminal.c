#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "ctestsupport.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int support_open_terminal(char *device, int capacity) {
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal < 0) return -1;
    fcntl(terminal, F_SETFD, FD_CLOEXEC);
    const char *name = grantpt(terminal) == 0 && unlockpt(terminal) == 0 ? ptsname(terminal) : NULL;
    if (name == NULL || strlen(name) >= (size_t)capacity) {
        int failure = name == NULL ? errno : ENAMETOOLONG;
        close(terminal);
        errno = failure;
        return -1;
    }
    strcpy(device, name);
    return terminal;
}

int support_spawn_on_terminal(
    int *pid, const char *path, char *const arguments[], char *const environment[], const char *device,
    const char *input, const char *output, const char *folder) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int failure = posix_spawn_file_actions_init(&actions);
    if (failure != 0) return failure;
    failure = posix_spawnattr_init(&attributes);
    if (failure != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return failure;
    }
    // The first terminal that the leader of a session without one opens becomes the session's own.
    failure = posix_spawn_file_actions_addopen(&actions, 2, device, O_RDWR, 0);
    if (failure == 0) {
        failure = posix_spawn_file_actions_addopen(
            &actions, 0, input ? input : device, input ? O_RDONLY : O_RDWR, 0);
    }
    if (failure == 0) {
        failure = posix_spawn_file_actions_addopen(
            &actions, 1, output ? output : device, output ? O_WRONLY | O_CREAT | O_APPEND : O_RDWR, 0600);
    }
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
    if (failure == 0) failure = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
#endif
    if (failure == 0 && folder != NULL) failure = posix_spawn_file_actions_addchdir_np(&actions, folder);

    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes, &signals);
    const int defaults[] = {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD, SIGTSTP, SIGTTOU, SIGTTIN};
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++) sigaddset(&signals, defaults[i]);
    posix_spawnattr_setsigdefault(&attributes, &signals);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);

    if (failure == 0) failure = posix_spawn(pid, path, &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failure;
}
