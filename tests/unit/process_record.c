/* Records of processes and their limits, written and read. */
#include "tap.h"

#include "base/buf.h"
#include "process/config.h"
#include "process/record.h"
#include "json/scan.h"

#include <signal.h>

static void test_record(void)
{
	static char id[] = "proc_7", command[] = "sh \"x\"", tag[] = "tag",
		    args[] = "[\"-c\",\"a\\u0001\"]";
	struct process p = {
	    .id = id,
	    .command = command,
	    .args_json = args,
	    .is_tty = true,
	    .owner = OWNER_DESKTOP,
	    .pid = 42,
	    .created_ms = 1000,
	    .limits = {.pids = 5},
	    .keeper = {1, 2},
	    .tag = tag,
	    .log_limit_bytes = 99,
	};
	struct buf b = BUF_INIT(10000);
	struct process back;
	struct sa_error err = SA_ERROR_INIT;
	process_add_json(&b, &p);
	is_span(
	    buf_span(&b),
	    SPAN_LIT(
		"{\"id\":\"proc_7\",\"command\":\"sh \\\"x\\\"\",\"args\":[\"-c\",\"a\\u0001\"],"
		"\"tty\":true,\"interactive\":false,\"owner\":\"desktop\",\"status\":\"running\","
		"\"pid\":42,\"createdAtMs\":1000,\"limits\":{\"pids\":5}}"),
	    "a running one");
	p.is_exited = true;
	p.end_signal = SIGKILL;
	p.exited_ms = 2000;
	buf_clear(&b);
	process_add_json(&b, &p);
	is_span(json_get(buf_span(&b), "signal"), SPAN_LIT("\"SIGKILL\""),
		"a killed one has a signal");
	ok(!json_get(buf_span(&b), "exitCode").p && !json_get(buf_span(&b), "pid").p,
	   "and neither exit code nor pid");
	ok(!json_get(buf_span(&b), "tag").p && !json_get(buf_span(&b), "keeper").p,
	   "what is for us is not for clients");
	buf_clear(&b);
	process_add_status(&b, &p);
	is_int(process_parse_status(buf_span(&b), &back, &err), 0, "a status is read back");
	struct buf again = BUF_INIT(10000);
	process_add_status(&again, &back);
	is_span(buf_span(&again), buf_span(&b), "as it was");
	process_clear(&back);
	static const char *const bad[] = {
	    "",
	    "{}",
	    "[]",
	    "null",
	    "{\"id\":\"proc_1\"",
	    "{\"id\":\"proc_1\",\"command\":\"x\",\"args\":[]}",
	    "{\"id\":1,\"command\":\"x\",\"args\":[],\"owner\":\"user\"}"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		is_int(process_parse_status(span_of(bad[i]), &back, &err), -1, bad[i]);
	buf_free(&b);
	buf_free(&again);
}

static void test_config(void)
{
	struct process_config config, other;
	struct sa_error err = SA_ERROR_INIT;
	struct buf b = BUF_INIT(10000);
	process_config_default(&config);
	process_config_add_json(&b, &config);
	other = (struct process_config){.max_exited = 5};
	is_int(process_config_parse(buf_span(&b), &other, &err), 0, "limits are read back");
	ok(memcmp(&config, &other, sizeof(config)) == 0, "as they were");
	static const char *const bad[] = {
	    "[]",
	    "{}",
	    "{\"maxConcurrentProcesses\":0,\"defaultRunTimeoutMs\":1,\"maxRunTimeoutMs\":1,"
	    "\"maxOutputBytes\":1,\"maxLogBytesPerProcess\":1,\"maxInputBytesPerRequest\":1}",
	    "{\"maxConcurrentProcesses\":1.5,\"defaultRunTimeoutMs\":1,\"maxRunTimeoutMs\":1,"
	    "\"maxOutputBytes\":1,\"maxLogBytesPerProcess\":1,\"maxInputBytesPerRequest\":1}",
	    "{\"maxConcurrentProcesses\":1,\"defaultRunTimeoutMs\":1,\"maxRunTimeoutMs\":1,"
	    "\"maxOutputBytes\":1,\"maxLogBytesPerProcess\":9999999999999,"
	    "\"maxInputBytesPerRequest\":1}",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		is_int(process_config_parse(span_of(bad[i]), &other, &err), -1, bad[i]);
		ok(memcmp(&config, &other, sizeof(config)) == 0, "and nothing changes");
	}
	buf_free(&b);
}

int main(void)
{
	test_record();
	test_config();
	done_testing();
}
