// Linked into each program that a sanitizer watches: it is started with variables of its caller's choice, or with none,
// and one that renews a token in the background has no standard error that anybody reads.
#include <signal.h>
#include <stdio.h>

// Every report is a file of its own.
const char *__asan_default_options(void) { return "log_path='" REPORTS "/report'"; }
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

// On a terminal, Swift's shared library takes SIGQUIT for a crash, which it looks into from a thread that no sanitizer
// can follow. The helper has its library, without that, built in.
__attribute__((constructor)) static void quit(void) { signal(SIGQUIT, SIG_DFL); }
