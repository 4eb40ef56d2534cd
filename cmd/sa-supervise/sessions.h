/*
 * The sessions of this agent, learnt from the traffic: whoever creates a
 * session, by whatever client, it is recorded.
 */
#ifndef SA_SUPERVISE_SESSIONS_H
#define SA_SUPERVISE_SESSIONS_H

#include "acp/envelope.h"
#include "supervisor.h"

/* By the agent's id for it (a JSON string); NULL when unknown. */
struct session_track *sessions_find_agent_id(struct supervisor *sv, struct span agent_session_id);
/* Our id for it; SPAN_NONE for none (NULL). */
struct span sessions_id(const struct session_track *session);
/* By our id. */
struct session_track *sessions_find(struct supervisor *sv, const char *id);
/* Which session does this message belong to (params.sessionId)? NULL: none known. */
struct session_track *sessions_of_params(struct supervisor *sv, struct span params);

/*
 * The session that the agent calls agent_session_id: a known one that goes
 * on, one of an earlier life of this server, or a new one. name: wished id,
 * NULL for a random one; cwd: NULL when not known. NULL at SESSIONS_MAX.
 */
struct session_track *sessions_open(struct supervisor *sv, struct span agent_session_id,
				    const char *name, const char *cwd);
/* An update for a session that its session/new has not been answered for yet. */
struct session_track *sessions_open_early(struct supervisor *sv, struct span agent_session_id);

/* Recompute idle/running/waiting from the counts. */
void sessions_refresh(struct session_track *t);
void sessions_set_over(struct session_track *t, enum session_state state, const char *reason);
/* What a session/update says about the session itself: title, mode, options. */
void sessions_learn_update(struct session_track *t, struct span update);
/* What the answer to session/new, load, resume or set_config_option says. */
void sessions_learn_result(struct session_track *t, struct span result);
/* What opened it: params of session/new, load, resume (JSON, NULL allowed). */
void sessions_learn_opening(struct session_track *t, const char *params);
/* Its row is stored. */
void sessions_mark_clean(struct session_track *t);
void sessions_learn_title(struct session_track *t, struct span title);
void sessions_learn_mode(struct session_track *t, struct span mode_id);
void sessions_learn_model(struct session_track *t, struct span model_id);
/* Sessions of earlier lives of this server, so that a resume finds them. */
int sessions_load(struct supervisor *sv, struct sa_error *err);
void sessions_end_all(struct supervisor *sv, enum session_state state, const char *reason);
bool sessions_is_any_running(const struct supervisor *sv);
void sessions_free(struct supervisor *sv);

#endif
