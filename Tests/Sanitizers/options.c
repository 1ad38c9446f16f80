// Linked into each program that a sanitizer watches: it is started with variables of its caller's choice, or with none,
// and one that renews a token in the background has no standard error that anybody reads.
#include <signal.h>
#include <stdio.h>

// Every report is a file of its own, and so is every trap of Swift's (SIGILL, SIGTRAP).
const char *__asan_default_options(void) {
    return "log_path='" REPORTS "/report':log_exe_name=1:handle_sigill=1:handle_sigtrap=1";
}
const char *__tsan_default_options(void) { return __asan_default_options(); }

// A traced process cannot look for leaks, and would fail because of it.
int __lsan_is_turned_off(void) {
    int tracer = 0;
    char line[256];
    FILE *status = fopen("/proc/self/status", "re");
    while (status && fgets(line, sizeof line, status) && sscanf(line, "TracerPid: %d", &tracer) != 1) continue;
    if (status) fclose(status);
    return tracer != 0;
}

// Swift's shared library looks into a process that these signals end, from a thread that no sanitizer can follow. The
// helper as it is shipped has a library without that built in.
__attribute__((constructor)) static void end_at_once(void) {
    signal(SIGQUIT, SIG_DFL);
    signal(SIGABRT, SIG_DFL);
}
