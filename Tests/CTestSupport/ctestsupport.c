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
#include <sys/socket.h>
#include <unistd.h>

// Swift Testing starts hundreds of tests at once, each of which would wait for the others' children until what it has
// started is past its deadline. It reads this, which is all there is to tell it, when it starts.
__attribute__((constructor)) static void run_few_tests_at_once(void) {
    setenv("SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH", "8", 0);
}

int support_pipe(int ends[2]) {
#if defined(__linux__)
    return pipe2(ends, O_CLOEXEC);
#else
    if (pipe(ends) != 0) return -1;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    return 0;
#endif
}

int support_accept(int listener) {
#if defined(__linux__)
    return accept4(listener, NULL, NULL, SOCK_CLOEXEC);
#else
    int connection = accept(listener, NULL, NULL);
    if (connection >= 0) fcntl(connection, F_SETFD, FD_CLOEXEC);
    return connection;
#endif
}

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

int support_spawn(
    int *pid, const char *path, char *const arguments[], char *const environment[], const int streams[3],
    const char *device, const char *folder) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int failure = posix_spawn_file_actions_init(&actions);
    if (failure != 0) return failure;
    failure = posix_spawnattr_init(&attributes);
    if (failure != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return failure;
    }

    for (int number = 0; number < 3 && failure == 0; number++) {
        if (streams[number] >= 0) {
            failure = posix_spawn_file_actions_adddup2(&actions, streams[number], number);
        } else if (streams[number] == SUPPORT_TERMINAL) {
            // The first terminal that the leader of a session without one opens becomes the session's own.
            failure = posix_spawn_file_actions_addopen(&actions, number, device, O_RDWR, 0);
        } else {
            // Opened first, because closing what is not open is an error on some systems.
            failure = posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDONLY, 0);
            if (failure == 0) failure = posix_spawn_file_actions_addclose(&actions, number);
        }
    }
    // What other code in this process left open for children would keep pipes from ending.
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
    if (failure == 0) failure = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
#endif
    if (folder != NULL && failure == 0) failure = posix_spawn_file_actions_addchdir_np(&actions, folder);

    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes, &signals);
    const int defaults[] = {
        SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD, SIGUSR1, SIGUSR2, SIGTSTP, SIGTTOU, SIGTTIN,
    };
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++) sigaddset(&signals, defaults[i]);
    posix_spawnattr_setsigdefault(&attributes, &signals);
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID;
#if defined(POSIX_SPAWN_CLOEXEC_DEFAULT)
    flags |= POSIX_SPAWN_CLOEXEC_DEFAULT;
#endif
    posix_spawnattr_setflags(&attributes, flags);

    if (failure == 0) failure = posix_spawn(pid, path, &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failure;
}
