#include "adapter/consent.h"

#include "tap.h"

#include <string.h>

static struct consents consents;

static bool answer(const char *tool, const char *result)
{
	struct envelope envelope = {.result = span_of(result)};
	return consent_read(&consents, tool, &envelope);
}

static bool chosen(const char *tool, const char *option)
{
	char result[100];
	snprintf(result, sizeof(result),
		 "{\"outcome\":{\"outcome\":\"selected\",\"optionId\":\"%s\"}}", option);
	return answer(tool, result);
}

int main(void)
{
	consents = CONSENTS_INIT;
	ok(!consents_has(&consents, "bash"), "nothing is allowed at first");
	ok(!chosen("bash", "reject"), "no");
	ok(chosen("bash", "allow-once"), "yes");
	ok(!consents_has(&consents, "bash"), "... is for once");
	ok(!answer("bash", "{\"outcome\":{\"outcome\":\"cancelled\"}}"), "cancelled is no");
	ok(!answer("bash", "7"), "so is nonsense");
	ok(!answer("bash", "{\"outcome\":{\"outcome\":\"cancelled\",\"optionId\":\"allow-once\"}}"),
	   "whatever else stands there");
	ok(chosen("bash", "allow-always"), "for ever");
	ok(consents_has(&consents, "bash"), "... is kept");
	ok(chosen("bash", "allow-always") && chosen("edit", "allow-always"),
	   "once more, and another");
	ok(consents_has(&consents, "bash") && consents_has(&consents, "edit"), "both are kept");
	ok(!consents_has(&consents, "bas") && !consents_has(&consents, "ash") &&
	       !consents_has(&consents, "") && !consents_has(&consents, "bash\nedit"),
	   "a part of a name is none, nor are two");
	chosen("a\nrm\nb", "allow-always");
	chosen("c\"\n\"rm", "allow-always");
	ok(consents_has(&consents, "a\nrm\nb"), "a name of several lines");
	ok(!consents_has(&consents, "rm") && !consents_has(&consents, "b"),
	   "... allows none of its lines");

	/* Beyond the ceiling it is asked again; what is kept stays. */
	static char name[CONSENTS_BYTES];
	memset(name, 'x', sizeof(name) - 1);
	consents_add(&consents, name);
	ok(!consents_has(&consents, name), "a name that is too long is not kept");
	for (int i = 0; i < 10000; i++) {
		char many[20];
		snprintf(many, sizeof(many), "tool%05d", i);
		consents_add(&consents, many);
	}
	ok(consents_has(&consents, "tool00000") && !consents_has(&consents, "tool09999"),
	   "nor are too many");
	ok(consents_has(&consents, "bash"), "the first ones are there");
	consents_free(&consents);
	return done_testing();
}
