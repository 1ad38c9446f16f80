#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "ctestsupport.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#if defined(__linux__)
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#endif

int support_new_network(void) {
#if defined(__linux__)
    if (unshare(CLONE_NEWNET) != 0) return -1;
    int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (control < 0) return -1;
    struct ifreq loopback;
    memset(&loopback, 0, sizeof loopback);
    strcpy(loopback.ifr_name, "lo");
    loopback.ifr_flags = IFF_UP | IFF_RUNNING;
    int result = ioctl(control, SIOCSIFFLAGS, &loopback);
    int failure = errno;
    close(control);
    errno = failure;
    return result;
#else
    errno = ENOSYS;
    return -1;
#endif
}
