#include "broker.h"

#include "base/clock.h"
#include "base/xalloc.h"
#include "http/response.h"
#include "json/scan.h"
#include "key.h"
#include "peer.h"

#include <stdlib.h>

struct job *job_new(struct broker *broker, const struct filter_request *request,
		    struct sa_error *err)
{
	if (broker->job_count >= JOBS_MAX) {
		error_set(err, PROBLEM_SESSION_BUSY, "%d requests are in work already", JOBS_MAX);
		return NULL;
	}
	struct job *job = xcalloc(1, sizeof(*job));
	*job = (struct job){
	    .broker = broker,
	    .next = broker->jobs,
	    .ref = request->ref.p ? xmemdup0(request->ref.p, request->ref.n) : NULL,
	    .body = BUF_INIT(BUF_MAX_OWN),
	    .accept_by = DEADLINE_NEVER,
	    .answer_by = DEADLINE_NEVER,
	};
	if (broker->jobs)
		broker->jobs->prev = job;
	broker->jobs = job;
	broker->job_count++;
	return job;
}

void job_free(struct job *job)
{
	struct broker *broker = job->broker;
	peer_forget(job);
	if (job->prev)
		job->prev->next = job->next;
	else
		broker->jobs = job->next;
	if (job->next)
		job->next->prev = job->prev;
	broker->job_count--;
	key_free(broker, job->key);
	buf_free(&job->body);
	free(job->ref);
	free(job->server_id);
	free(job->agent);
	free(job->session_id);
	free(job->text);
	free(job->meta);
	free(job);
}

struct job *job_find(struct broker *broker, struct span ref)
{
	for (struct job *job = broker->jobs; job; job = job->next)
		if (ref.p && job->ref && span_is(ref, job->ref))
			return job;
	return NULL;
}

void job_answer_within(struct job *job, int64_t ms)
{
	job->answer_ms = ms;
	job->answer_by = deadline_after(ms);
}

/* --- answers ------------------------------------------------------------------- */

static void answer_by_key(struct job *job, int status, const char *type, struct span body)
{
	struct key *key = job->key;
	char *ref = job->ref;
	job->key = NULL;
	job->ref = NULL;
	key_answer(job->broker, key, ref, status, type, body);
}

void job_answer(struct job *job, int status, struct span result)
{
	if (job->key) {
		answer_by_key(job, status, "application/json", result);
	} else if (job->ref && !job->broker->is_orphan) {
		struct filter_reply reply = FILTER_REPLY_INIT;
		reply.status = status;
		reply.result = result;
		filter_answer(&job->broker->channel, span_of(job->ref), &reply);
	}
	job_free(job);
}

void job_fail_with(struct job *job, const struct sa_error *err, struct span extensions)
{
	if (job->is_making && job->peer && job->peer->state == PEER_LINKED)
		peer_stop(job->peer, "closed", "the session could not be made");
	if (job->key) {
		struct buf body = BUF_INIT(BUF_MAX_OWN);
		const struct http_problem problem = {.kind = err->kind,
						     .detail = span_of(err->message),
						     .extensions = extensions};
		http_problem_add(&body, &problem);
		answer_by_key(job, http_problem_status(&problem), HTTP_PROBLEM_TYPE,
			      buf_span(&body));
		buf_free(&body);
	} else if (job->ref && !job->broker->is_orphan) {
		filter_answer_problem(&job->broker->channel, span_of(job->ref), err, extensions);
	}
	job_free(job);
}

void job_fail(struct job *job, const struct sa_error *err)
{
	job_fail_with(job, err, SPAN_NONE);
}

/* --- queues --------------------------------------------------------------------- */

void job_queue_init(struct job_queue *queue)
{
	*queue = (struct job_queue){.end = &queue->first};
}

void job_queue_add(struct job_queue *queue, struct job *job)
{
	job->next_queued = NULL;
	*queue->end = job;
	queue->end = &job->next_queued;
}

struct job *job_queue_take(struct job_queue *queue)
{
	struct job *job = queue->first;
	if (!job)
		return NULL;
	queue->first = job->next_queued;
	if (!queue->first)
		queue->end = &queue->first;
	job->next_queued = NULL;
	return job;
}

void job_queue_remove(struct job_queue *queue, struct job *job)
{
	for (struct job **at = &queue->first; *at; at = &(*at)->next_queued) {
		if (*at != job)
			continue;
		*at = job->next_queued;
		if (!*at)
			queue->end = at;
		job->next_queued = NULL;
		return;
	}
}
