#include "cplatform.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

bool cplatform_has_borrowed_rights(void) {
#ifdef __linux__
    return getauxval(AT_SECURE) != 0;
#else
    return issetugid() != 0;
#endif
}

void cplatform_hide_memory(void) {
#ifdef __linux__
    // Unlike RLIMIT_CORE, it is not inherited by the program that `exec` runs (PR_SET_DUMPABLE(2const)).
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

void cplatform_close_files(void) {
#ifdef SYS_close_range
    if (syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0) == 0) return;
#endif
    // Before Linux 5.9, where a filter of system calls forbids it, and elsewhere. There may be a thousand million numbers,
    // so those that are open are listed.
    DIR *list = opendir("/dev/fd");
    if (!list) {
        int size = getdtablesize();
        for (int file = (size < 65536 ? size : 65536) - 1; file > STDERR_FILENO; file--) close(file);
        return;
    }
    for (struct dirent *entry; (entry = readdir(list));) {
        int file = atoi(entry->d_name);
        if (file > STDERR_FILENO && file != dirfd(list)) close(file);
    }
    closedir(list);
}
