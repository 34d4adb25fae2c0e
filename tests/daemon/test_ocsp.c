/* Tests of the daemon: OCSP responses that it fetches itself, and shows to a real client.
 *
 * SPDX-License-Identifier: BSD-2-Clause */
#include "tests/certs/forge.h"
#include "tests/certs/respond.h"
#include "tests/daemon/harness.h"
#include "tests/daemon/program.h"
#include "tests/daemon/service.h"
#include "tests/daemon/suites.h"

#include <openssl/ocsp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the responder answers; NULL: an error of HTTP. */
struct answer {
    unsigned char *bytes;
    size_t length;
};

#define SECURE                                                                                               \
    "{'name':'secure','address':'127.0.0.1:0','upstream':'responder','tls':{'certificates':["                \
    "{'chain':'@/own.crt','key':'@/own.key'}]}}"
#define RESPONDER "{'name':'responder','servers':['%s']}"

static struct service service, responder;
static struct answer answer; /* under the lock: a responder may be there before its answer is */
static pthread_mutex_t answer_lock = PTHREAD_MUTEX_INITIALIZER;

/* Reads a request's head and its body, which is small, and answers. */
static void serve_answer(struct wire *wire, void *context)
{
    pthread_mutex_lock(&answer_lock);
    const struct answer told = *(const struct answer *)context;
    pthread_mutex_unlock(&answer_lock);
    char head[256], request[4096];
    size_t have = 0;
    ssize_t count;
    unsigned body = 0;
    const char *end = NULL, *length = NULL;
    while ((!end || have < (size_t)(end + 4 - request) + body) &&
           (count = wire_read(wire, request + have, sizeof request - 1 - have)) > 0) {
        have += (size_t)count;
        request[have] = '\0';
        end = strstr(request, "\r\n\r\n");
        length = strcasestr(request, "content-length: ");
        body = length ? (unsigned)atoi(length + 16) : 0;
    }
    if (!told.bytes) {
        wire_write(wire, "HTTP/1.0 500 No\r\n\r\n", 19);
        return;
    }
    int size = snprintf(head, sizeof head,
                        "HTTP/1.0 200 OK\r\nContent-Type: application/ocsp-response\r\n"
                        "Content-Length: %zu\r\n\r\n",
                        told.length);
    wire_write(wire, head, (size_t)size);
    wire_write(wire, told.bytes, told.length);
}

/* A daemon whose certificate names the responder and has that feature (NULL: none); `status`: what the
 * responder says of it, -1: nothing; `ocsp`: the listener's. */
static void begin_with(int status, const char *feature, const char *ocsp)
{
    char url[160];
    harness_begin(60);
    service_begin(&service, "127.0.0.1", serve_echo, NULL);
    service_begin(&responder, "127.0.0.1", serve_answer, &answer);
    snprintf(url, sizeof url, "OCSP;URI:http://%s/", responder.address);
    struct forged authority = forge(&(struct forge_order){.name = "authority", .is_authority = true});
    struct forged leaf = forge(&(struct forge_order){
        .name = "a", .alternatives = "DNS:a.test", .access = url, .feature = feature, .issuer = &authority});
    forge_write_chain("ca.crt", &authority, NULL);
    forge_write_chain("a.crt", &leaf, &authority);
    forge_write_key("a.key", &leaf, NULL);
    answer = (struct answer){0};
    if (status >= 0)
        answer.bytes = respond(&authority, &leaf, status, 3600, &answer.length);
    forge_free(&leaf);
    forge_free(&authority);
    harness_configure("{'listeners':[{'name':'web','address':'127.0.0.1:0','upstream':'app',"
                      "'tls':{'certificates':[{'chain':'@/a.crt','key':'@/a.key'}],'ocsp':'%s'}}],"
                      "'upstreams':[{'name':'app','servers':['%s']}]," HARNESS_ADMIN "}",
                      ocsp, service.address);
    harness_start();
}

static void begin(int status)
{
    begin_with(status, NULL, "fetch");
}

static void end(void)
{
    harness_end();
    service_end(&service);
    service_end(&responder);
    free(answer.bytes);
    answer = (struct answer){0};
}

static bool client_sees(const char *what)
{
    const char *const arguments[] = {"openssl", "s_client",    "-connect", harness_at("127.0.0.1", "web"),
                                     "-status", "-servername", "a.test",   NULL};
    program_run(arguments, "client.out");
    char *said = program_read("client.out");
    bool is_seen = strstr(said, what) != NULL;
    free(said);
    return is_seen;
}

static void a_response_is_fetched_and_shown(void)
{
    begin(V_OCSP_CERTSTATUS_GOOD);
    harness_await_log("\"what\":\"certificate.stapled\"");
    CU_ASSERT_TRUE(client_sees("OCSP Response Status: successful"));
    cJSON *list = harness_get("/v1/certificates");
    CU_ASSERT_TRUE(strlen(asking_text(list, "items.0.ocsp_until")) > 10);
    cJSON_Delete(list);
    /* A reload goes on with it, and need not ask again. */
    harness_signal(SIGHUP);
    harness_await_log("\"what\":\"config.applied\"");
    CU_ASSERT_TRUE(client_sees("OCSP Response Status: successful"));
    CU_ASSERT_EQUAL(service_accepted(&responder), 1);
    end();
}

static void without_a_good_answer_nothing_is_shown_and_everybody_served(void)
{
    static const int statuses[] = {-1, V_OCSP_CERTSTATUS_REVOKED};
    for (size_t i = 0; i < 2; i++) {
        begin(statuses[i]);
        harness_await_log("\"what\":\"certificate.unstapled\"");
        CU_ASSERT_TRUE(client_sees("OCSP response: no response sent"));
        cJSON *list = harness_get("/v1/certificates");
        CU_ASSERT_TRUE(cJSON_IsNull(asking_member(list, "items.0.ocsp_until")));
        cJSON_Delete(list);
        end();
    }
}

/* The doctor's finding about this, NULL where there is none: the list's, which the caller frees. */
static const cJSON *find_unstapled(cJSON *list)
{
    const cJSON *item;
    cJSON_ArrayForEach (item, asking_member(list, "items")) {
        if (strcmp(asking_text(item, "code"), "certificate_unstapled") == 0)
            return item;
    }
    return NULL;
}

/* Whether GnuTLS, which heeds the feature, connects. */
static bool is_believed(void)
{
    char port[16];
    snprintf(port, sizeof port, "%s", strrchr(harness_at("127.0.0.1", "web"), ':') + 1);
    const char *const arguments[] = {"gnutls-cli", "-p",
                                     port,         "--x509cafile",
                                     "ca.crt",     "--sni-hostname",
                                     "a.test",     "--verify-hostname",
                                     "a.test",     "127.0.0.1",
                                     NULL};
    int status = program_run(arguments, "client.out");
    char *said = program_read("client.out");
    bool is_well = strstr(said, "Handshake was completed") != NULL;
    bool is_heeded = strstr(said, "requires the server to include an OCSP status") != NULL;
    CU_ASSERT_TRUE(is_well ? status == 0 : is_heeded);
    free(said);
    return is_well;
}

/* RFC 7633 */
static void a_certificate_that_demands_a_staple_and_has_none_is_found(void)
{
    static const char *const ocsp[] = {"off", "fetch"};
    for (size_t i = 0; i < 2; i++) {
        begin_with(V_OCSP_CERTSTATUS_GOOD, "status_request", ocsp[i]);
        if (i == 1)
            harness_await_log("\"what\":\"certificate.stapled\"");
        cJSON *list = harness_get("/v1/doctor?limit=1000");
        const cJSON *finding = find_unstapled(list);
        CU_ASSERT_EQUAL(finding == NULL, i == 1);
        if (finding) {
            CU_ASSERT_PTR_NOT_NULL(strstr(asking_text(finding, "subject"), "/a.crt"));
            CU_ASSERT_PTR_NOT_NULL(strstr(asking_text(finding, "remedy"), "fetch"));
        }
        cJSON_Delete(list);
        list = harness_get("/v1/certificates");
        CU_ASSERT_TRUE(cJSON_IsTrue(asking_member(list, "items.0.must_staple")));
        cJSON_Delete(list);
        CU_ASSERT_EQUAL(is_believed(), i == 1);
        end();
    }
}

/* The responder behind a listener of the daemon itself, which shows a certificate for localhost. */
static void begin_https(bool is_believed)
{
    char url[160], here[160], file[192];
    harness_begin(60);
    service_begin(&service, "127.0.0.1", serve_echo, NULL);
    service_begin(&responder, "127.0.0.1", serve_answer, &answer);
    struct forged authority = forge(&(struct forge_order){.name = "authority", .is_authority = true});
    struct forged other = forge(&(struct forge_order){.name = "other", .is_authority = true});
    struct forged own = forge(
        &(struct forge_order){.name = "localhost", .alternatives = "DNS:localhost", .issuer = &authority});
    forge_write_chain("system.crt", is_believed ? &authority : &other, NULL);
    forge_write_chain("own.crt", &own, NULL);
    forge_write_key("own.key", &own, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(getcwd(here, sizeof here));
    snprintf(file, sizeof file, "%s/system.crt", here);
    setenv("SSL_CERT_FILE", file, 1);
    harness_configure("{'listeners':[" SECURE "],'upstreams':[" RESPONDER "]," HARNESS_ADMIN "}",
                      responder.address);
    harness_start();
    snprintf(url, sizeof url, "OCSP;URI:https://localhost%s/", strrchr(harness_at("", "secure"), ':'));
    struct forged leaf = forge(&(struct forge_order){.name = "a", .access = url, .issuer = &authority});
    forge_write_chain("a.crt", &leaf, &authority);
    forge_write_key("a.key", &leaf, NULL);
    pthread_mutex_lock(&answer_lock);
    answer.bytes = respond(&authority, &leaf, V_OCSP_CERTSTATUS_GOOD, 3600, &answer.length);
    pthread_mutex_unlock(&answer_lock);
    forge_free(&leaf);
    forge_free(&own);
    forge_free(&other);
    forge_free(&authority);
    harness_configure("{'listeners':[" SECURE ",{'name':'web','address':'127.0.0.1:0','upstream':'app',"
                      "'tls':{'certificates':[{'chain':'@/a.crt','key':'@/a.key'}],'ocsp':'fetch'}}],"
                      "'upstreams':[" RESPONDER ",{'name':'app','servers':['%s']}]," HARNESS_ADMIN "}",
                      responder.address, service.address);
    harness_signal(SIGHUP);
    harness_await_log("\"what\":\"config.applied\"");
}

static void a_responder_is_asked_by_https_and_has_to_prove_its_name(void)
{
    begin_https(true);
    harness_await_log("\"what\":\"certificate.stapled\"");
    CU_ASSERT_TRUE(client_sees("OCSP Response Status: successful"));
    unsetenv("SSL_CERT_FILE");
    end();
    begin_https(false);
    harness_await_log("\"what\":\"certificate.unstapled\"");
    CU_ASSERT_TRUE(client_sees("OCSP response: no response sent"));
    CU_ASSERT_EQUAL(service_accepted(&responder), 0);
    unsetenv("SSL_CERT_FILE");
    end();
}

static const struct test tests[] = {
    TEST(a_response_is_fetched_and_shown),
    TEST(a_certificate_that_demands_a_staple_and_has_none_is_found),
    TEST(a_responder_is_asked_by_https_and_has_to_prove_its_name),
    TEST(without_a_good_answer_nothing_is_shown_and_everybody_served),
    {0},
};

const struct suite ocsp_suite = {.noun = "ocsp", .tests = tests};
