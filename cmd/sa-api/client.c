#include "client.h"

#include "base/cleanup.h"
#include "base/xalloc.h"
#include "http/curl.h"
#include "http/response.h"
#include "http/target.h"
#include "http/token.h"
#include "pretty.h"
#include "json/scan.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One request under way. */
struct transfer {
	const struct curl_lib *lib;
	CURL *easy;
	const struct request *request;
	struct answer *answer;
	struct curl_slist *headers;
	bool is_too_large;
	int read_errno;
	char words[CURL_ERROR_SIZE];
};

int client_init(struct client *client, const char *endpoint, const char *flag, const char *file,
		struct sa_error *err)
{
	if (!endpoint)
		endpoint = getenv(ENDPOINT_VARIABLE);
	if (!endpoint || !*endpoint)
		endpoint = ENDPOINT_DEFAULT;
	struct span text = span_of(endpoint);
	if (!span_starts_with(text, "http://") && !span_starts_with(text, "https://") &&
	    !span_starts_with(text, "unix:/"))
		return error_set(err, PROBLEM_INVALID_REQUEST,
				 "the endpoint is http://HOST:PORT, https://... or unix:/PATH, not "
				 "'%s'",
				 endpoint);
	client->endpoint = endpoint;
	return token_find(flag, file, &client->token, err);
}

void client_clear(struct client *client)
{
	token_free(client->token);
	client->token = NULL;
}

static size_t take_body(char *data, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	struct span piece = {data, size * count};
	long status = 0;
	t->lib->easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (t->request->sink && status >= 200 && status < 300) {
		if (t->request->sink(t->request->sink_arg, piece) == 0)
			return piece.n;
		t->answer->is_stopped = true;
		return piece.n + 1; /* anything but piece.n ends the transfer */
	}
	if (buf_add_span(&t->answer->body, piece) == 0)
		return piece.n;
	t->is_too_large = true;
	return piece.n + 1;
}

static size_t give_body(char *out, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	ssize_t n;
	do
		n = read(t->request->body_fd, out, size * count);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return (size_t)n;
	t->read_errno = errno;
	return CURL_READFUNC_ABORT;
}

/* About once a second while nothing comes: has whoever reads our output left? */
static int watch_reader(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct transfer *t = arg;
	(void)a, (void)b, (void)c, (void)d;
	struct pollfd p = {.fd = STDOUT_FILENO, .events = 0};
	if (poll(&p, 1, 0) <= 0 || !(p.revents & (POLLERR | POLLHUP)))
		return 0;
	t->answer->is_stopped = true;
	return 1;
}

static void add_header(struct transfer *t, const char *name, const char *value)
{
	cleanup_free char *line = xasprintf("%s: %s", name, value);
	struct curl_slist *longer = t->lib->slist_append(t->headers, line);
	explicit_bzero(line, strlen(line));
	if (longer)
		t->headers = longer;
}

static bool is_local(const char *endpoint)
{
	const char *host = strstr(endpoint, "://");
	if (!host)
		return true;
	host += 3;
	struct http_authority authority;
	if (http_parse_authority((struct span){host, strcspn(host, "/")}, &authority) < 0)
		return false;
	return span_is(authority.host, "localhost") || span_is(authority.host, "[::1]") ||
	       span_starts_with(authority.host, "127.");
}

/* Where, and how to get there. */
static void set_place(const struct curl_lib *lib, CURL *easy, const struct client *client,
		      const char *path)
{
	bool is_unix = strncmp(client->endpoint, "unix:", 5) == 0;
	size_t length = strlen(client->endpoint);
	while (length && client->endpoint[length - 1] == '/')
		length--;
	cleanup_free char *url = is_unix ? xasprintf("http://localhost%s", path)
					 : xasprintf("%.*s%s", (int)length, client->endpoint, path);
	lib->easy_setopt(easy, CURLOPT_URL, url);
	if (is_unix)
		lib->easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, client->endpoint + 5);
	/* A proxy has no business between us and this machine. */
	if (is_local(client->endpoint))
		lib->easy_setopt(easy, CURLOPT_NOPROXY, "*");
	lib->easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	lib->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	lib->easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	lib->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
}

static void set_up(struct transfer *t, const struct client *client)
{
	const struct curl_lib *lib = t->lib;
	const struct request *r = t->request;
	set_place(lib, t->easy, client, r->path);
	lib->easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)client->timeout_ms);
	lib->easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->words);
	lib->easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, take_body);
	lib->easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
	if (r->sink) {
		lib->easy_setopt(t->easy, CURLOPT_NOPROGRESS, 0L);
		lib->easy_setopt(t->easy, CURLOPT_XFERINFOFUNCTION, watch_reader);
		lib->easy_setopt(t->easy, CURLOPT_XFERINFODATA, t);
	}
	if (r->body_fd >= 0) {
		lib->easy_setopt(t->easy, CURLOPT_UPLOAD, 1L);
		lib->easy_setopt(t->easy, CURLOPT_READFUNCTION, give_body);
		lib->easy_setopt(t->easy, CURLOPT_READDATA, t);
		struct stat st;
		off_t at = lseek(r->body_fd, 0, SEEK_CUR);
		if (at >= 0 && fstat(r->body_fd, &st) == 0 && S_ISREG(st.st_mode))
			lib->easy_setopt(t->easy, CURLOPT_INFILESIZE_LARGE,
					 (curl_off_t)(st.st_size - at));
	} else if (r->body.p) {
		lib->easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n);
		lib->easy_setopt(t->easy, CURLOPT_POSTFIELDS, r->body.p);
	} else if (strcmp(r->method, "POST") == 0) {
		lib->easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)0);
		lib->easy_setopt(t->easy, CURLOPT_POSTFIELDS, "");
	}
	lib->easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, r->method);
	add_header(t, "Accept", r->accept ? r->accept : "application/json");
	if (r->body.p || r->body_fd >= 0)
		add_header(t, "Content-Type",
			   r->content_type ? r->content_type : "application/json");
	/* No waiting for "100 Continue". */
	add_header(t, "Expect", "");
	if (client->token) {
		cleanup_token char *bearer = xasprintf("Bearer %s", client->token);
		add_header(t, "Authorization", bearer);
	}
	if (r->header) {
		struct curl_slist *longer = lib->slist_append(t->headers, r->header);
		t->headers = longer ? longer : t->headers;
	}
	lib->easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
}

static int tell(struct transfer *t, const struct client *client, CURLcode code,
		struct sa_error *err)
{
	const char *words = *t->words ? t->words : t->lib->easy_strerror(code);
	if (t->answer->is_stopped)
		return 0;
	if (t->is_too_large)
		return error_set(err, PROBLEM_TOO_LARGE, "the answer is larger than %zu MiB",
				 ANSWER_BYTES_MAX >> 20);
	if (t->read_errno)
		return error_set_errno(err, PROBLEM_FAILED, t->read_errno, "read the body");
	if (code == CURLE_OPERATION_TIMEDOUT)
		return error_set(err, PROBLEM_TIMEOUT, "%s: %s", client->endpoint, words);
	if (code == CURLE_COULDNT_CONNECT)
		return error_set(err, PROBLEM_STREAM_ERROR,
				 "%s: %s; does a server run there? 'sa-daemon start' starts one here",
				 client->endpoint, words);
	return error_set(err, PROBLEM_STREAM_ERROR, "%s: %s", client->endpoint, words);
}

int client_send(struct client *client, const struct request *request, struct answer *ret,
		struct sa_error *err)
{
	struct transfer t = {.lib = curl_lib(err), .request = request, .answer = ret};
	if (!t.lib)
		return -1;
	t.easy = t.lib->easy_init();
	if (!t.easy)
		return error_set(err, PROBLEM_FAILED, "libcurl does not start");
	set_up(&t, client);
	CURLcode code = t.lib->easy_perform(t.easy);
	t.lib->easy_getinfo(t.easy, CURLINFO_RESPONSE_CODE, &ret->status);
	int rc = code == CURLE_OK ? 0 : tell(&t, client, code, err);
	for (struct curl_slist *line = t.headers; line; line = line->next)
		explicit_bzero(line->data, strlen(line->data));
	t.lib->slist_free_all(t.headers);
	t.lib->easy_cleanup(t.easy);
	return rc;
}

int client_connect(struct client *client, struct client_link *ret, struct sa_error *err)
{
	const struct curl_lib *lib = curl_lib(err);
	char words[CURL_ERROR_SIZE] = "";
	curl_socket_t fd = CURL_SOCKET_BAD;
	if (!lib)
		return -1;
	CURL *easy = lib->easy_init();
	if (!easy)
		return error_set(err, PROBLEM_FAILED, "libcurl does not start");
	set_place(lib, easy, client, "/");
	lib->easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
	lib->easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
	lib->easy_setopt(easy, CURLOPT_ERRORBUFFER, words);
	CURLcode code = lib->easy_perform(easy);
	if (code == CURLE_OK)
		code = lib->easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd);
	lib->easy_setopt(easy, CURLOPT_ERRORBUFFER, NULL);
	if (code == CURLE_OK && fd != CURL_SOCKET_BAD) {
		*ret = (struct client_link){easy, fd};
		return 0;
	}
	lib->easy_cleanup(easy);
	return error_set(err, PROBLEM_STREAM_ERROR, "%s: %s", client->endpoint,
			 *words ? words : lib->easy_strerror(code));
}

void client_link_close(struct client_link *link)
{
	struct sa_error ignored = SA_ERROR_INIT;
	if (link->easy)
		curl_lib(&ignored)->easy_cleanup(link->easy);
	*link = CLIENT_LINK_INIT;
}

/* What curl says of a piece, as send(2) and recv(2) say it. */
static ssize_t done(CURLcode code, size_t n)
{
	if (code == CURLE_OK)
		return (ssize_t)n;
	errno = code == CURLE_AGAIN ? EAGAIN : EIO;
	return -1;
}

ssize_t client_link_send(const struct client_link *link, struct span data)
{
	struct sa_error ignored = SA_ERROR_INIT;
	size_t n = 0;
	CURLcode code = curl_lib(&ignored)->easy_send(link->easy, data.p, data.n, &n);
	return done(code, n);
}

ssize_t client_link_recv(const struct client_link *link, void *data, size_t size)
{
	struct sa_error ignored = SA_ERROR_INIT;
	size_t n = 0;
	CURLcode code = curl_lib(&ignored)->easy_recv(link->easy, data, size, &n);
	return done(code, n);
}

/* For answers that are no problem documents: proxies, other servers. */
static enum problem_kind kind_of_status(long status)
{
	switch (status) {
	case 401:
		return PROBLEM_TOKEN_INVALID;
	case 403:
		return PROBLEM_PERMISSION_DENIED;
	case 404:
		return PROBLEM_NOT_FOUND;
	case 409:
		return PROBLEM_CONFLICT;
	case 413:
		return PROBLEM_TOO_LARGE;
	case 504:
		return PROBLEM_TIMEOUT;
	default:
		return status >= 500 ? PROBLEM_STREAM_ERROR : PROBLEM_FAILED;
	}
}

int client_judge(const struct answer *answer, struct sa_error *err)
{
	static const char prefix[] = "urn:sandbox-agent:error:";
	if (answer->is_stopped || (answer->status >= 200 && answer->status < 300))
		return 0;
	enum problem_kind kind = kind_of_status(answer->status);
	struct span body = span_trim(buf_span(&answer->body));
	size_t bad;
	cleanup_free char *type = NULL;
	cleanup_free char *detail = NULL;
	if (json_check(body, &bad) == 0) {
		type = json_string_dup(json_get(body, "type"));
		detail = json_string_dup(json_get(body, "detail"));
		if (!detail)
			detail = json_string_dup(json_get(body, "title"));
	}
	if (type && strncmp(type, prefix, sizeof(prefix) - 1) == 0)
		kind = problem_kind_of_name(type + sizeof(prefix) - 1);
	/* An unknown route is "invalid_request" with 404: what was asked for is not there. */
	if (problem_info(kind)->exit_status == SA_EXIT_USAGE)
		kind = answer->status == 404 ? PROBLEM_NOT_FOUND : PROBLEM_FAILED;
	return error_set(err, kind, "%s (http status %ld %s)",
			 detail ? detail : "the server refuses", answer->status,
			 http_reason((int)answer->status));
}

int client_call(struct client *client, const struct request *request, struct answer *ret,
		struct sa_error *err)
{
	if (client_send(client, request, ret, err) < 0)
		return -1;
	struct sa_error refusal = SA_ERROR_INIT;
	if (client_judge(ret, &refusal) == 0)
		return 0;
	struct span body = span_trim(buf_span(&ret->body));
	size_t bad;
	bool is_problem = json_check(body, &bad) == 0 && json_type(body) == JSON_OBJECT;
	if (!is_problem || client->is_json) {
		if (is_problem)
			fprintf(stderr, "%.*s\n", SPAN_ARG(body));
		*err = refusal;
		return is_problem ? problem_info(refusal.kind)->exit_status : -1;
	}
	/* As the reference does it: the document, then one line. */
	pretty_print(stderr, body);
	fprintf(stderr, "sa-api: unexpected http status: %ld %s\n", ret->status,
		http_reason((int)ret->status));
	return problem_info(refusal.kind)->exit_status;
}
