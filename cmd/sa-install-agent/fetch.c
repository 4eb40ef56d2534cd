#include "fetch.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/xalloc.h"
#include "http/curl.h"
#include "os/io.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { CERTIFICATES_MAX_BYTES = 16 << 20, ERROR_TEXT_BYTES = CURL_ERROR_SIZE };

/* One transfer: where the bytes go, and what the head said. */
struct transfer {
	struct fetcher *fetcher;
	struct buf *body; /* or */
	int fd;
	int64_t start; /* bytes that were in fd before */
	int64_t got;
	int64_t total; /* 0: not known */
	bool is_begun; /* the first byte of a 200 or 206 came */
	int write_errno;
	bool is_too_large;
	char etag[FETCH_ETAG_MAX_BYTES];
	int64_t retry_after_ms;
	char error[ERROR_TEXT_BYTES];
};

/* Certificates: npm's cafile, CURL_CA_BUNDLE or SSL_CERT_FILE instead of the usual ones,
 * NODE_EXTRA_CA_CERTS beside them. */
static void read_certificates(struct fetcher *fetcher)
{
	const char *extra = getenv("NODE_EXTRA_CA_CERTS");
	const char *file = npmrc_get(fetcher->rc, "cafile");
	struct sa_error ignored;
	if (!file)
		file = getenv("CURL_CA_BUNDLE");
	if (!file || !*file)
		file = getenv("SSL_CERT_FILE");
	bool has_extra = extra && *extra;
	if ((!file || !*file) && has_extra)
		file = fetcher->lib->version_info(CURLVERSION_NOW)->cainfo;
	if (!file || !*file)
		return;
	/* A bundle that cannot be read leaves none: the transfer then says which one. */
	io_read_file(file, &fetcher->certificates, &ignored);
	if (has_extra) {
		buf_adds(&fetcher->certificates, "\n");
		cleanup_buf struct buf more = BUF_INIT(CERTIFICATES_MAX_BYTES);
		if (io_read_file(extra, &more, &ignored) == 0)
			buf_add_span(&fetcher->certificates, buf_span(&more));
	}
}

void fetcher_init(struct fetcher *fetcher, struct npmrc *rc, struct progress *progress,
		  bool is_offline)
{
	*fetcher = (struct fetcher){.rc = rc,
				    .progress = progress,
				    .certificates = BUF_INIT(CERTIFICATES_MAX_BYTES),
				    .is_offline = is_offline};
}

void fetcher_free(struct fetcher *fetcher)
{
	if (fetcher->curl)
		fetcher->lib->easy_cleanup(fetcher->curl);
	buf_free(&fetcher->certificates);
	fetcher->curl = NULL;
}

static int begin(struct fetcher *fetcher, const char *url, struct sa_error *err)
{
	if (fetcher->is_offline)
		return error_set(
		    err, PROBLEM_INSTALL_FAILED,
		    "--offline: this would fetch %s; use --from FILE, or 'npm cache add'", url);
	if (fetcher->curl) {
		fetcher->lib->easy_reset(fetcher->curl);
		return 0;
	}
	fetcher->lib = curl_lib(err);
	if (!fetcher->lib)
		return -1;
	read_certificates(fetcher);
	fetcher->curl = fetcher->lib->easy_init();
	return fetcher->curl ? 0 : error_set(err, PROBLEM_INSTALL_FAILED, "start libcurl");
}

static bool is_https(const char *url)
{
	return strncasecmp(url, "https://", 8) == 0;
}

bool fetch_is_private(const char *url)
{
	if (is_https(url))
		return true;
	if (strncasecmp(url, "http://", 7) != 0)
		return false;
	const char *host = url + 7;
	size_t n = strcspn(host, "/?#");
	if (memchr(host, '@', n))
		return false;
	static const char *const local[] = {"localhost", "127.0.0.1", "[::1]"};
	for (size_t i = 0; i < ARRAY_SIZE(local); i++) {
		size_t length = strlen(local[i]);
		if (n >= length && strncasecmp(host, local[i], length) == 0 &&
		    (n == length || host[length] == ':'))
			return true;
	}
	return false;
}

/* The response at hand is one whose body counts. */
static bool is_wanted(struct transfer *t)
{
	long status = 0;
	t->fetcher->lib->easy_getinfo(t->fetcher->curl, CURLINFO_RESPONSE_CODE, &status);
	return t->body || status == 200 || status == 206;
}

/* The server sends all of it again: drop the beginning that we had. */
static void begin_file(struct transfer *t)
{
	long status = 0;
	curl_off_t length = 0;
	t->fetcher->lib->easy_getinfo(t->fetcher->curl, CURLINFO_RESPONSE_CODE, &status);
	t->fetcher->lib->easy_getinfo(t->fetcher->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	if (status == 200 && t->start > 0) {
		if (ftruncate(t->fd, 0) < 0)
			t->write_errno = errno;
		t->start = 0;
	}
	if (lseek(t->fd, t->start, SEEK_SET) < 0)
		t->write_errno = errno;
	t->total = length > 0 ? t->start + length : 0;
	t->is_begun = true;
}

static size_t on_bytes(char *data, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	size_t n = size * count;
	if (!is_wanted(t))
		return n;
	if (t->body) {
		if (buf_add(t->body, data, n) < 0) {
			t->is_too_large = true;
			return 0;
		}
		return n;
	}
	if (!t->is_begun)
		begin_file(t);
	if (t->start + t->got + (int64_t)n > FETCH_FILE_MAX_BYTES) {
		t->is_too_large = true;
		return 0;
	}
	if (t->write_errno == 0 && io_write_all(t->fd, (struct span){data, n}) < 0)
		t->write_errno = errno;
	if (t->write_errno)
		return 0;
	t->got += (int64_t)n;
	if (t->fetcher->progress)
		progress_bytes(t->fetcher->progress, t->start + t->got, t->total);
	return n;
}

/* The value of a header line if it is this header. */
static struct span header_value(struct span line, const char *name)
{
	size_t n = strlen(name);
	if (line.n <= n || strncasecmp(line.p, name, n) != 0 || line.p[n] != ':')
		return SPAN_NONE;
	return span_trim((struct span){line.p + n + 1, line.n - n - 1});
}

static size_t on_header(char *data, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	struct span line = {data, size * count};
	struct span etag = header_value(line, "etag");
	struct span wait = header_value(line, "retry-after");
	uint64_t seconds;
	if (etag.p && etag.n < sizeof(t->etag)) {
		memcpy(t->etag, etag.p, etag.n);
		t->etag[etag.n] = '\0';
	}
	if (wait.p && num_parse_u64(wait, FETCH_PAUSE_MAX_MS / 1000, &seconds) == 0)
		t->retry_after_ms = (int64_t)seconds * 1000;
	return line.n;
}

static void set_common(struct transfer *t, const char *url, bool has_login)
{
	CURL *curl = t->fetcher->curl;
	const struct curl_lib *lib = t->fetcher->lib;
	const char *protocols = is_https(url) ? "https" : "http,https";
	lib->easy_setopt(curl, CURLOPT_URL, url);
	lib->easy_setopt(curl, CURLOPT_PROTOCOLS_STR, protocols);
	lib->easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, protocols);
	lib->easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
	lib->easy_setopt(curl, CURLOPT_MAXREDIRS, (long)FETCH_REDIRECTS);
	lib->easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	lib->easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)FETCH_CONNECT_SECONDS);
	lib->easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	lib->easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)FETCH_STALL_SECONDS);
	lib->easy_setopt(curl, CURLOPT_USERAGENT, "sa-install-agent");
	lib->easy_setopt(curl, CURLOPT_ERRORBUFFER, t->error);
	lib->easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
	lib->easy_setopt(curl, CURLOPT_WRITEDATA, t);
	lib->easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	lib->easy_setopt(curl, CURLOPT_HEADERDATA, t);
	const char *proxy = npmrc_get(t->fetcher->rc, is_https(url) ? "https-proxy" : "proxy");
	const char *no_proxy = npmrc_get(t->fetcher->rc, "noproxy");
	if (proxy && strcmp(proxy, "null") != 0)
		lib->easy_setopt(curl, CURLOPT_PROXY, proxy);
	if (no_proxy)
		lib->easy_setopt(curl, CURLOPT_NOPROXY, no_proxy);
	const char *folder = getenv("SSL_CERT_DIR");
	if (folder && *folder)
		lib->easy_setopt(curl, CURLOPT_CAPATH, folder);
	if (t->fetcher->certificates.len) {
		struct curl_blob blob = {t->fetcher->certificates.data,
					 t->fetcher->certificates.len, CURL_BLOB_NOCOPY};
		lib->easy_setopt(curl, CURLOPT_CAINFO_BLOB, &blob);
	}
	const char *token = NULL, *basic = NULL;
	/* A secret travels in the clear to nobody but this machine. */
	if (has_login && fetch_is_private(url))
		npmrc_login(t->fetcher->rc, url, &token, &basic);
	if (token) {
		lib->easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
		lib->easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, token);
	}
}

static bool is_worth_another(CURLcode code, long status)
{
	switch (code) {
	case CURLE_OK:
		return status == 408 || status == 425 || status == 429 || status >= 500;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_PARTIAL_FILE:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
	case CURLE_SSL_CONNECT_ERROR:
		return true;
	default:
		return false;
	}
}

/* SANDBOX_AGENT_RETRY_MS, for people in a hurry and for tests. */
static int64_t first_pause(void)
{
	const char *wish = getenv("SANDBOX_AGENT_RETRY_MS");
	uint64_t ms;
	if (wish && num_parse_u64(span_of(wish), FETCH_PAUSE_MAX_MS, &ms) == 0)
		return (int64_t)ms;
	return FETCH_PAUSE_MS;
}

static void pause_before(struct transfer *t, int attempt, const char *why)
{
	int64_t ms = first_pause() << attempt;
	if (t->retry_after_ms > ms)
		ms = t->retry_after_ms;
	if (ms > FETCH_PAUSE_MAX_MS)
		ms = FETCH_PAUSE_MAX_MS;
	if (t->fetcher->progress) {
		cleanup_free char *text = xasprintf("in %lld ms (try %d of %d): %s", (long long)ms,
						    attempt + 2, FETCH_TRIES, why);
		progress_step(t->fetcher->progress, "retry", text);
	}
	/* Several that failed at once do not come back at once. */
	poll(NULL, 0, (int)(ms + ms * (getpid() % 16) / 64));
}

static int failed(struct transfer *t, const char *url, CURLcode code, struct sa_error *err)
{
	if (t->write_errno)
		return error_set_errno(err, PROBLEM_INSTALL_FAILED, t->write_errno,
				       "write what %s sends", url);
	if (t->is_too_large)
		return error_set(err, PROBLEM_INSTALL_FAILED, "%s is larger than is taken", url);
	if (code == CURLE_UNSUPPORTED_PROTOCOL && is_https(url))
		return error_set(err, PROBLEM_INSTALL_FAILED, "%s leads away from https: refused",
				 url);
	return error_set(err, PROBLEM_INSTALL_FAILED, "fetch %s: %s", url,
			 *t->error ? t->error : t->fetcher->lib->easy_strerror(code));
}

static int basic_header(struct fetcher *fetcher, const char *url, bool has_login,
			struct curl_slist **headers)
{
	const char *token = NULL, *basic = NULL;
	if (has_login && fetch_is_private(url))
		npmrc_login(fetcher->rc, url, &token, &basic);
	if (basic) {
		/* libcurl takes it off when it is sent on to another host. */
		cleanup_free char *line = xasprintf("Authorization: Basic %s", basic);
		*headers = fetcher->lib->slist_append(*headers, line);
	}
	return 0;
}

int fetch_text(struct fetcher *fetcher, const char *url, struct fetch_text *fetch, struct buf *body,
	       struct sa_error *err)
{
	for (int attempt = 0;; attempt++) {
		struct transfer t = {.fetcher = fetcher, .body = body, .fd = -1};
		struct curl_slist *headers = NULL;
		buf_clear(body);
		if (begin(fetcher, url, err) < 0)
			return -1;
		set_common(&t, url, fetch->has_login);
		basic_header(fetcher, url, fetch->has_login, &headers);
		cleanup_free char *accept =
		    fetch->accept ? xasprintf("Accept: %s", fetch->accept) : NULL;
		cleanup_free char *match =
		    fetch->if_none_match ? xasprintf("If-None-Match: %s", fetch->if_none_match)
					 : NULL;
		if (accept)
			headers = fetcher->lib->slist_append(headers, accept);
		if (match)
			headers = fetcher->lib->slist_append(headers, match);
		fetcher->lib->easy_setopt(fetcher->curl, CURLOPT_HTTPHEADER, headers);
		fetcher->lib->easy_setopt(fetcher->curl, CURLOPT_ACCEPT_ENCODING, "");
		CURLcode code = fetcher->lib->easy_perform(fetcher->curl);
		long status = 0;
		fetcher->lib->easy_getinfo(fetcher->curl, CURLINFO_RESPONSE_CODE, &status);
		fetcher->lib->slist_free_all(headers);
		if (code == CURLE_OK && !is_worth_another(code, status)) {
			fetch->status = (int)status;
			memcpy(fetch->etag, t.etag, sizeof(fetch->etag));
			return 0;
		}
		if (code == CURLE_OK)
			error_set(err, PROBLEM_INSTALL_FAILED, "%s answers %ld", url, status);
		else
			failed(&t, url, code, err);
		if (attempt + 1 == FETCH_TRIES || !is_worth_another(code, status))
			return -1;
		pause_before(&t, attempt, err->message);
	}
}

/* One try. 0: whole; 1: worth another; -1: not. */
static int try_file(struct transfer *t, const char *url, bool has_login, struct sa_error *err)
{
	struct fetcher *fetcher = t->fetcher;
	struct curl_slist *headers = NULL;
	if (begin(fetcher, url, err) < 0)
		return -1;
	set_common(t, url, has_login);
	basic_header(fetcher, url, has_login, &headers);
	fetcher->lib->easy_setopt(fetcher->curl, CURLOPT_HTTPHEADER, headers);
	cleanup_free char *range = t->start > 0 ? xasprintf("%lld-", (long long)t->start) : NULL;
	if (range)
		fetcher->lib->easy_setopt(fetcher->curl, CURLOPT_RANGE, range);
	CURLcode code = fetcher->lib->easy_perform(fetcher->curl);
	long status = 0;
	fetcher->lib->easy_getinfo(fetcher->curl, CURLINFO_RESPONSE_CODE, &status);
	fetcher->lib->slist_free_all(headers);
	if (fetcher->progress)
		progress_end(fetcher->progress);
	if (code == CURLE_OK && (status == 200 || status == 206)) {
		/* An empty file comes without a first byte. */
		if (t->is_begun || status == 206)
			return 0;
		return ftruncate(t->fd, 0) == 0 ? 0 : -1;
	}
	if (code == CURLE_OK && status == 416 && t->start > 0) {
		/* What we have is not the beginning of what is there. */
		error_set(err, PROBLEM_INSTALL_FAILED, "%s cannot be resumed", url);
		return ftruncate(t->fd, 0) == 0 ? 1 : -1;
	}
	if (code == CURLE_OK)
		error_set(err, PROBLEM_INSTALL_FAILED, "%s answers %ld", url, status);
	else
		failed(t, url, code, err);
	return is_worth_another(code, status) ? 1 : -1;
}

int fetch_file(struct fetcher *fetcher, const char *url, bool has_login, int fd,
	       struct sa_error *err)
{
	for (int attempt = 0, idle = 0;; attempt++) {
		off_t have = lseek(fd, 0, SEEK_END);
		struct transfer t = {.fetcher = fetcher, .fd = fd, .start = have > 0 ? have : 0};
		int rc = try_file(&t, url, has_login, err);
		if (rc <= 0)
			return rc;
		/* Tries that bring something are not counted: a bad line gets there in the end. */
		idle = t.got > 0 ? 0 : idle + 1;
		if (idle + 1 >= FETCH_TRIES || attempt + 1 >= FETCH_TRIES_ALL)
			return -1;
		pause_before(&t, idle, err->message);
	}
}
