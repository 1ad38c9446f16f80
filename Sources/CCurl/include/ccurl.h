// One HTTP POST through the system's libcurl, which is loaded when the first request is made: most runs of the
// helper need no network, and should not pay for a TLS library. No development headers are needed to build.
#ifndef CCURL_H
#define CCURL_H

#include <stdbool.h>
#include <stddef.h>

struct ccurl_request {
    const char *url;
    // "Name: value" lines.
    const char *const *headers;
    size_t header_count;
    const void *body;
    size_t body_length;
    // For the whole exchange, name resolution included.
    long timeout_ms;
    // PEM file to trust instead of the system's certificates, or NULL.
    const char *ca_file;
    // Proxy URL, or NULL for what the environment says.
    const char *proxy;
    // Whether to connect directly, whatever the environment says.
    bool direct;
    const char *user_agent;
    // A longer body, or header block, ends the exchange.
    size_t body_limit;
    size_t header_limit;
};

struct ccurl_response {
    // A CURLcode; 0 when a whole response came.
    int code;
    // libcurl's own words for a code that is not 0.
    char error[256];
    // Whether any byte of the request may have left this machine.
    bool was_sent;
    bool is_over_limit;
    // Whether the headers came to their end: libcurl takes a connection that ends among them for a response
    // without a body.
    bool has_whole_head;
    // 0 when no status line came.
    long status;
    // The proxy's answer to CONNECT; 0 without a proxy.
    long connect_status;
    char *body;
    size_t body_length;
    char date[64];
    char retry_after[64];
    // Where a redirect points to, as an absolute URL, or NULL.
    char *redirect_url;
};

// Loads libcurl. Returns NULL, or why that failed.
const char *ccurl_load(void);

// libcurl's version, such as "libcurl/7.88.1 OpenSSL/3.0.17"; ccurl_load must have succeeded.
const char *ccurl_version(void);

// Makes the request; ccurl_load must have succeeded. The response must be released with ccurl_release.
void ccurl_post(const struct ccurl_request *request, struct ccurl_response *response);

// Overwrites and frees what a response holds.
void ccurl_release(struct ccurl_response *response);

#endif
