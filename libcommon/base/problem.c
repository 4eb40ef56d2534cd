#include "base/problem.h"

#include <string.h>

static const struct problem_info table[PROBLEM_KIND_COUNT] = {
    [PROBLEM_NONE] = {"none", "No Problem", 200, SA_EXIT_OK},
    [PROBLEM_FAILED] = {"failed", "Failed", 500, SA_EXIT_FAILED},
    [PROBLEM_INVALID_REQUEST] = {"invalid_request", "Invalid Request", 400, SA_EXIT_USAGE},
    [PROBLEM_UNSUPPORTED_AGENT] = {"unsupported_agent", "Unsupported Agent", 400,
				   SA_EXIT_NOT_FOUND},
    [PROBLEM_NOT_FOUND] = {"not_found", "Not Found", 404, SA_EXIT_NOT_FOUND},
    [PROBLEM_SESSION_NOT_FOUND] = {"session_not_found", "Session Not Found", 404,
				   SA_EXIT_NOT_FOUND},
    [PROBLEM_AGENT_NOT_INSTALLED] = {"agent_not_installed", "Agent Not Installed", 404,
				     SA_EXIT_NOT_FOUND},
    [PROBLEM_INSTALL_FAILED] = {"install_failed", "Install Failed", 500, SA_EXIT_FAILED},
    [PROBLEM_CONFLICT] = {"conflict", "Conflict", 409, SA_EXIT_CONFLICT},
    [PROBLEM_SESSION_BUSY] = {"session_busy", "Session Busy", 409, SA_EXIT_CONFLICT},
    [PROBLEM_PRECONDITION_FAILED] = {"precondition_failed", "Precondition Failed", 412,
				     SA_EXIT_CONFLICT},
    [PROBLEM_RANGE_NOT_SATISFIABLE] = {"range_not_satisfiable", "Range Not Satisfiable", 416,
				       SA_EXIT_FAILED},
    [PROBLEM_PERMISSION_DENIED] = {"permission_denied", "Permission Denied", 403, SA_EXIT_DENIED},
    [PROBLEM_TOKEN_INVALID] = {"token_invalid", "Token Invalid", 401, SA_EXIT_DENIED},
    [PROBLEM_AUTH_REQUIRED] = {"auth_required", "Authentication Required", 403, SA_EXIT_DENIED},
    [PROBLEM_TIMEOUT] = {"timeout", "Timeout", 504, SA_EXIT_TIMEOUT},
    [PROBLEM_REQUEST_EXPIRED] = {"request_expired", "Request Expired", 504, SA_EXIT_TIMEOUT},
    [PROBLEM_LIMIT_REACHED] = {"limit_reached", "Limit Reached", 403, SA_EXIT_DENIED},
    [PROBLEM_AGENT_PROCESS_EXITED] = {"agent_process_exited", "Agent Process Exited", 500,
				      SA_EXIT_AGENT},
    [PROBLEM_AGENT_ERROR] = {"agent_error", "Agent Error", 502, SA_EXIT_AGENT},
    [PROBLEM_AGENT_STALLED] = {"agent_stalled", "Agent Stalled", 504, SA_EXIT_AGENT},
    [PROBLEM_STREAM_ERROR] = {"stream_error", "Stream Error", 502, SA_EXIT_UNREACHABLE},
    [PROBLEM_STORE_ERROR] = {"store_error", "Store Error", 503, SA_EXIT_UNREACHABLE},
    [PROBLEM_STORE_FULL] = {"store_full", "Store Full", 507, SA_EXIT_UNREACHABLE},
    [PROBLEM_TOO_LARGE] = {"too_large", "Payload Too Large", 413, SA_EXIT_FAILED},
    [PROBLEM_NOT_ACCEPTABLE] = {"not_acceptable", "Not Acceptable", 406, SA_EXIT_USAGE},
    [PROBLEM_UNSUPPORTED_MEDIA_TYPE] = {"unsupported_media_type", "Unsupported Media Type", 415,
					SA_EXIT_USAGE},
    [PROBLEM_DESKTOP_DEPENDENCIES_MISSING] = {"desktop_dependencies_missing",
					      "Desktop Dependencies Missing", 503,
					      SA_EXIT_UNREACHABLE},
    [PROBLEM_DESKTOP_RUNTIME_INACTIVE] = {"desktop_runtime_inactive", "Desktop Runtime Inactive",
					  409, SA_EXIT_CONFLICT},
    [PROBLEM_DESKTOP_RUNTIME_FAILED] = {"desktop_runtime_failed", "Desktop Runtime Failed", 503,
					SA_EXIT_UNREACHABLE},
    [PROBLEM_DESKTOP_INVALID_ACTION] = {"desktop_invalid_action", "Desktop Invalid Action", 400,
					SA_EXIT_USAGE},
    [PROBLEM_DESKTOP_INPUT_FAILED] = {"desktop_input_failed", "Desktop Input Failed", 502,
				      SA_EXIT_FAILED},
    [PROBLEM_DESKTOP_SCREENSHOT_FAILED] = {"desktop_screenshot_failed", "Desktop Screenshot Failed",
					   502, SA_EXIT_FAILED},
    [PROBLEM_NO_FOCUSED_WINDOW] = {"no_focused_window", "No Focused Window", 404,
				   SA_EXIT_NOT_FOUND},
    [PROBLEM_WINDOW_NOT_FOUND] = {"window_not_found", "Window Not Found", 404, SA_EXIT_NOT_FOUND},
    [PROBLEM_APP_NOT_FOUND] = {"app_not_found", "App Not Found", 404, SA_EXIT_NOT_FOUND},
    [PROBLEM_BUG] = {"bug", "Bug", 500, SA_EXIT_BUG},
};

const struct problem_info *problem_info(enum problem_kind kind)
{
	if ((unsigned)kind >= PROBLEM_KIND_COUNT)
		kind = PROBLEM_BUG;
	return &table[kind];
}

enum problem_kind problem_kind_of_name(const char *name)
{
	for (int kind = PROBLEM_FAILED; kind < PROBLEM_KIND_COUNT; kind++)
		if (strcmp(table[kind].name, name) == 0)
			return (enum problem_kind)kind;
	return PROBLEM_FAILED;
}
