/* status, migrate, check, vacuum: one look or one deed each. */
#include "base/cleanup.h"
#include "base/xalloc.h"
#include "store/store.h"
#include "verbs.h"
#include "json/write.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static int no_operands(int argc, char **argv, struct sa_error *err)
{
	return argc == 0 ? 0
			 : error_set(err, PROBLEM_INVALID_REQUEST, "no operand is wanted, not '%s'",
				     argv[0]);
}

static int add_lag(const struct server *server, void *arg)
{
	void **both = arg;
	int64_t events;
	struct sa_error ignored;
	if (store_lag(both[0], server, &events, &ignored) == 0)
		*(int64_t *)both[1] += events;
	return 0;
}

static void print_json(const struct store_description *d, int64_t lag)
{
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	json_open(&b, '{');
	json_kv_string(&b, "store", d->place);
	json_kv_int(&b, "version", d->version);
	json_kv_int(&b, "bytes", d->bytes);
	json_kv_int(&b, "servers", d->servers);
	json_kv_int(&b, "sessions", d->sessions);
	json_kv_int(&b, "events", d->events);
	json_kv_int(&b, "openRequests", d->open_asks);
	json_kv_int(&b, "waitingEvents", lag);
	buf_adds(&b, "}\n");
	fwrite(b.data, 1, b.len, stdout);
}

int status_run(const void *options, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = options;
	struct store_description d;
	int64_t lag = 0;
	cleanup_store struct store *store =
	    no_operands(argc, argv, err) < 0 ? NULL : store_open(err);
	if (!store || store_describe(store, &d, err) < 0)
		return -1;
	cleanup_free char *place = d.place;
	void *both[] = {store, &lag};
	if (store_each_server(store, true, add_lag, both, err) < 0)
		return -1;
	if (!command_wants_text(&o->common)) {
		print_json(&d, lag);
		return SA_EXIT_OK;
	}
	printf("%s (version %d), %" PRId64 " KiB\n%" PRId64 " sessions on %" PRId64
	       " agent connections, %" PRId64 " events, %" PRId64 " open requests\n",
	       place, d.version, d.bytes / 1024, d.sessions, d.servers, d.events, d.open_asks);
	if (lag)
		printf("%" PRId64 " events wait on this machine for the database\n", lag);
	return SA_EXIT_OK;
}

int migrate_run(const void *options, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = options;
	struct store_description d;
	/* Opening migrates. */
	cleanup_store struct store *store =
	    no_operands(argc, argv, err) < 0 ? NULL : store_open(err);
	if (!store || store_describe(store, &d, err) < 0)
		return -1;
	cleanup_free char *place = d.place;
	if (command_wants_text(&o->common))
		printf("%s has version %d\n", place, d.version);
	else
		print_json(&d, 0);
	return SA_EXIT_OK;
}

struct faults {
	bool is_text;
	int64_t count;
};

static void print_fault(const char *fault, void *arg)
{
	struct faults *faults = arg;
	cleanup_buf struct buf b = BUF_INIT(BUF_MAX_OWN);
	faults->count++;
	if (faults->is_text) {
		puts(fault);
		return;
	}
	json_open(&b, '{');
	json_kv_string(&b, "fault", fault);
	buf_adds(&b, "}\n");
	fwrite(b.data, 1, b.len, stdout);
}

int check_run(const void *options, int argc, char **argv, struct sa_error *err)
{
	const struct options *o = options;
	struct faults faults = {command_wants_text(&o->common), 0};
	cleanup_store struct store *store =
	    no_operands(argc, argv, err) < 0 ? NULL : store_open(err);
	if (!store || store_check(store, print_fault, &faults, err) < 0)
		return -1;
	if (faults.count)
		return error_set(err, PROBLEM_STORE_ERROR,
				 "the store has %" PRId64 " faults; copy what is good with "
				 "'sa-store copy' before anything else",
				 faults.count);
	if (faults.is_text)
		puts("no fault found");
	return SA_EXIT_OK;
}

int vacuum_run(const void *options, int argc, char **argv, struct sa_error *err)
{
	(void)options;
	cleanup_store struct store *store =
	    no_operands(argc, argv, err) < 0 ? NULL : store_open(err);
	return !store || store_vacuum(store, err) < 0 ? -1 : SA_EXIT_OK;
}
