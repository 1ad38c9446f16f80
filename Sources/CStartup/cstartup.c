// Stand-ins for two parts of Swift's runtime that do their work at every start of a program, whether it is wanted or
// not, and take a tenth of the time of a whole answer. They are linked in place of the library's own, which the
// linker then leaves out. All are weak: where a later runtime needs more than there is here, it brings its own.
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h> // says whether this is glibc

#ifdef __GLIBC__

// The arguments. The runtime looks for them at the end of the stack, which it finds by reading /proc/self/maps; but
// this C library hands them to every constructor.
static char *none[] = {NULL};
static char **arguments = none;
static int argument_count;

__attribute__((constructor)) static void keep_arguments(int count, char **values) {
    arguments = values;
    argument_count = count;
}

__attribute__((weak)) char **_swift_stdlib_getUnsafeArgvArgc(int *count) {
    *count = argument_count;
    return arguments;
}

__attribute__((weak)) void _swift_stdlib_overrideUnsafeArgvArgc(char **values, int count) {
    arguments = values;
    argument_count = count;
}

// The reporter of crashes: a program that the runtime looks for in six places, and lets look into the memory of one
// that crashes. Here that memory holds secrets, so there is none, whatever SWIFT_BACKTRACE says; all of these settings
// are off.
__attribute__((weak)) char _swift_backtraceSettings[256];

__attribute__((weak)) bool _swift_backtrace_isThunkFunction(const char *name) {
    (void)name;
    return false;
}

__attribute__((weak)) char *_swift_backtrace_demangle(
    const char *name, size_t length, char *output, size_t *output_size) {
    (void)name, (void)length, (void)output, (void)output_size;
    return NULL;
}

__attribute__((weak)) void _swift_displayCrashMessage(int signal, const void *address) {
    (void)signal, (void)address;
}

__attribute__((weak)) bool _swift_spawnBacktracer(const char *const *values, int memory_server) {
    (void)values, (void)memory_server;
    return false;
}

#endif
