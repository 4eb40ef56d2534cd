/* Streaming as the reference has it takes neko, which is not used here: the answers say so. */
#include "op.h"

#include "base/error.h"

static int status(struct buf *out)
{
	buf_adds(out, "{\"active\":false}");
	return 0;
}

int op_stream_status(struct desktop *d, const struct filter_request *r, struct buf *out,
		     struct filter_reply *reply, struct sa_error *err)
{
	(void)d, (void)r, (void)reply, (void)err;
	return status(out);
}

int op_stream_stop(struct desktop *d, const struct filter_request *r, struct buf *out,
		   struct filter_reply *reply, struct sa_error *err)
{
	(void)d, (void)r, (void)reply, (void)err;
	return status(out);
}

int op_stream_start(struct desktop *d, const struct filter_request *r, struct buf *out,
		    struct filter_reply *reply, struct sa_error *err)
{
	(void)d, (void)r, (void)out, (void)reply;
	return error_set(err, PROBLEM_CONFLICT,
			 "the desktop is not streamed by this server; take screenshots");
}

int op_stream_signaling(struct desktop *d, const struct filter_request *r, struct buf *out,
			struct filter_reply *reply, struct sa_error *err)
{
	(void)d, (void)r, (void)out, (void)reply;
	return error_set(err, PROBLEM_CONFLICT, "no stream is active");
}
