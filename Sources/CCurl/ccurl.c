#define _GNU_SOURCE
#include "ccurl.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// libcurl's binary interface: these numbers have not changed since the option or fact was introduced, and are
// never reused (curl/curl.h).
enum {
    OPT_NOPROGRESS = 43,
    OPT_POST = 47,
    OPT_SSLVERSION = 32,
    OPT_FOLLOWLOCATION = 52,
    OPT_POSTFIELDSIZE = 60,
    OPT_HTTP_VERSION = 84,
    OPT_NOSIGNAL = 99,
    OPT_TIMEOUT_MS = 155,
    OPT_PROTOCOLS = 181,
    OPT_SUPPRESS_CONNECT_HEADERS = 265,
    OPT_WRITEDATA = 10001,
    OPT_URL = 10002,
    OPT_PROXY = 10004,
    OPT_ERRORBUFFER = 10010,
    OPT_POSTFIELDS = 10015,
    OPT_USERAGENT = 10018,
    OPT_HTTPHEADER = 10023,
    OPT_HEADERDATA = 10029,
    OPT_CAINFO = 10065,
    OPT_CAPATH = 10097,
    OPT_NOPROXY = 10177,
    OPT_WRITEFUNCTION = 20011,
    OPT_HEADERFUNCTION = 20079,

    INFO_REDIRECT_URL = 0x100000 + 31,
    INFO_RESPONSE_CODE = 0x200000 + 2,
    INFO_REQUEST_SIZE = 0x200000 + 12,
    INFO_HTTP_CONNECTCODE = 0x200000 + 22,

    PROTOCOL_HTTP = 1,
    PROTOCOL_HTTPS = 2,
    TLS_1_2 = 6,
    HTTP_1_1 = 2,

    FAILED_INIT = 2,
    OUT_OF_MEMORY = 27,
};

static struct {
    void *(*easy_init)(void);
    int (*easy_setopt)(void *, int, ...);
    int (*easy_perform)(void *);
    int (*easy_getinfo)(void *, int, ...);
    void (*easy_cleanup)(void *);
    const char *(*easy_strerror)(int);
    void *(*slist_append)(void *, const char *);
    void (*slist_free_all)(void *);
    char *(*version)(void);
} curl;

// Why a library could not be opened.
static char obstacle[256];

static void *open_library(void) {
#ifdef __APPLE__
    static const char *const names[] = {"/usr/lib/libcurl.4.dylib"};
#else
    // Debian's git brings the GnuTLS build, most other programs the OpenSSL one.
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};
#endif
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        void *library = dlopen(names[i], RTLD_LAZY | RTLD_LOCAL);
        if (library) return library;
        // The first is the one that there should be.
        if (i == 0) snprintf(obstacle, sizeof obstacle, "%s", dlerror());
    }
    return NULL;
}

const char *ccurl_load(void) {
    if (curl.version) return NULL;
    void *library = open_library();
    if (!library) return obstacle;
#define LOAD(name)                                          \
    *(void **)&curl.name = dlsym(library, "curl_" #name);   \
    if (!curl.name) return "libcurl lacks curl_" #name
    LOAD(easy_init);
    LOAD(easy_setopt);
    LOAD(easy_perform);
    LOAD(easy_getinfo);
    LOAD(easy_cleanup);
    LOAD(easy_strerror);
    LOAD(slist_append);
    LOAD(slist_free_all);
    LOAD(version);
#undef LOAD
    return NULL;
}

const char *ccurl_version(void) { return curl.version(); }

// What the callbacks collect.
struct exchange {
    const struct ccurl_request *request;
    struct ccurl_response *response;
    size_t header_bytes;
    size_t body_capacity;
};

static void wipe_and_free(void *memory, size_t length) {
    if (!memory) return;
    memset(memory, 0, length);
    // The barrier keeps the compiler from leaving out a write to memory that is about to be freed.
    __asm__ __volatile__("" : : "r"(memory) : "memory");
    free(memory);
}

static size_t receive_body(const char *bytes, size_t size, size_t count, void *context) {
    struct exchange *exchange = context;
    struct ccurl_response *response = exchange->response;
    size_t length = size * count;
    if (length > exchange->request->body_limit - response->body_length) {
        response->is_over_limit = true;
        return 0;
    }
    size_t needed = response->body_length + length;
    if (needed > exchange->body_capacity) {
        size_t capacity = needed * 2;
        char *body = malloc(capacity);
        if (!body) return 0;
        if (response->body) memcpy(body, response->body, response->body_length);
        wipe_and_free(response->body, response->body_length);
        response->body = body;
        exchange->body_capacity = capacity;
    }
    memcpy(response->body + response->body_length, bytes, length);
    response->body_length = needed;
    return length;
}

static void copy_header(char *into, size_t capacity, const char *name, const char *line, size_t length) {
    size_t name_length = strlen(name);
    if (length < name_length || strncasecmp(line, name, name_length) != 0) return;
    line += name_length;
    length -= name_length;
    while (length && (*line == ' ' || *line == '\t')) line++, length--;
    while (length && (line[length - 1] == '\r' || line[length - 1] == '\n' || line[length - 1] == ' ')) length--;
    if (length >= capacity) return;
    memcpy(into, line, length);
    into[length] = '\0';
}

static size_t receive_header(const char *line, size_t size, size_t count, void *context) {
    struct exchange *exchange = context;
    struct ccurl_response *response = exchange->response;
    size_t length = size * count;
    exchange->header_bytes += length;
    if (exchange->header_bytes > exchange->request->header_limit) {
        response->is_over_limit = true;
        return 0;
    }
    // Another response begins: the one before was an interim one.
    if (length >= 5 && strncasecmp(line, "HTTP/", 5) == 0) {
        response->has_whole_head = false;
        response->date[0] = response->retry_after[0] = '\0';
    }
    if (length && (*line == '\r' || *line == '\n')) response->has_whole_head = true;
    copy_header(response->date, sizeof response->date, "Date:", line, length);
    copy_header(response->retry_after, sizeof response->retry_after, "Retry-After:", line, length);
    return length;
}

void ccurl_post(const struct ccurl_request *request, struct ccurl_response *response) {
    memset(response, 0, sizeof *response);
    struct exchange exchange = {.request = request, .response = response};
    void *handle = curl.easy_init();
    if (!handle) {
        response->code = FAILED_INIT;
        strcpy(response->error, "libcurl did not start");
        return;
    }
    // A request with one header or setting less could go where it must not, or tell what it must not.
    int failure = 0;
    void *headers = NULL;
    for (size_t i = 0; i <= request->header_count; i++) {
        // A short body is sent at once rather than after an interim response.
        const char *header = i < request->header_count ? request->headers[i] : "Expect:";
        void *longer = curl.slist_append(headers, header);
        if (!longer) failure = OUT_OF_MEMORY;
        if (longer) headers = longer;
    }
#define SET(option, value)                                            \
    do {                                                              \
        int code = curl.easy_setopt(handle, OPT_##option, value);     \
        if (!failure) failure = code;                                 \
    } while (0)
    SET(ERRORBUFFER, response->error);
    SET(NOSIGNAL, 1L);
    SET(NOPROGRESS, 1L);
    SET(PROTOCOLS, (long)(PROTOCOL_HTTP | PROTOCOL_HTTPS));
    SET(SSLVERSION, (long)TLS_1_2);
    SET(HTTP_VERSION, (long)HTTP_1_1);
    SET(FOLLOWLOCATION, 0L);
    SET(TIMEOUT_MS, request->timeout_ms);
    SET(URL, request->url);
    SET(USERAGENT, request->user_agent);
    SET(HTTPHEADER, headers);
    SET(POST, 1L);
    SET(POSTFIELDSIZE, (long)request->body_length);
    SET(POSTFIELDS, request->body);
    if (request->ca_file) {
        SET(CAINFO, request->ca_file);
        // Else the system's folder of certificates would be trusted as well. Where libcurl can have none, it refuses.
        curl.easy_setopt(handle, OPT_CAPATH, NULL);
    }
    if (request->proxy) {
        SET(PROXY, request->proxy);
        SET(NOPROXY, "");
    }
    // A libcurl that knows no proxy knows these neither.
    curl.easy_setopt(handle, OPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (request->direct) curl.easy_setopt(handle, OPT_NOPROXY, "*");
    SET(WRITEFUNCTION, receive_body);
    SET(WRITEDATA, &exchange);
    SET(HEADERFUNCTION, receive_header);
    SET(HEADERDATA, &exchange);
#undef SET

    response->code = failure ? failure : curl.easy_perform(handle);
    if (response->code && !response->error[0])
        strncpy(response->error, curl.easy_strerror(response->code), sizeof response->error - 1);
    long sent = 0;
    const char *redirect = NULL;
    curl.easy_getinfo(handle, INFO_REQUEST_SIZE, &sent);
    curl.easy_getinfo(handle, INFO_RESPONSE_CODE, &response->status);
    curl.easy_getinfo(handle, INFO_HTTP_CONNECTCODE, &response->connect_status);
    curl.easy_getinfo(handle, INFO_REDIRECT_URL, &redirect);
    response->was_sent = sent > 0;
    if (redirect) response->redirect_url = strdup(redirect);
    curl.slist_free_all(headers);
    curl.easy_cleanup(handle);
}

void ccurl_release(struct ccurl_response *response) {
    wipe_and_free(response->body, response->body_length);
    free(response->redirect_url);
    memset(response, 0, sizeof *response);
}
