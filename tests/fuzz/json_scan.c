/*
 * json_check against a judge written the plain recursive way, and every
 * scan function on the same bytes: checked or not, results lie inside.
 */
#include "base/xalloc.h"
#include "fuzz.h"
#include "json/scan.h"

/* --- the reference judge: RFC 8259 as the grammar stands there ------------- */

struct judge {
	const unsigned char *s;
	size_t n, i;
};

static bool judge_value(struct judge *j, int depth);

static int peek(const struct judge *j)
{
	return j->i < j->n ? j->s[j->i] : -1;
}

static bool take(struct judge *j, int c)
{
	if (peek(j) != c)
		return false;
	j->i++;
	return true;
}

static void judge_space(struct judge *j)
{
	while (take(j, ' ') || take(j, '\t') || take(j, '\n') || take(j, '\r'))
		;
}

static bool judge_word(struct judge *j, const char *word)
{
	for (; *word; word++)
		if (!take(j, *word))
			return false;
	return true;
}

static bool judge_string(struct judge *j)
{
	if (!take(j, '"'))
		return false;
	while (!take(j, '"')) {
		int c = peek(j);
		if (c < 0x20)
			return false;
		j->i++;
		if (c != '\\')
			continue;
		c = peek(j);
		j->i++;
		if (c == 'u') {
			for (int k = 0; k < 4; k++, j->i++) {
				c = peek(j);
				if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
				      (c >= 'A' && c <= 'F')))
					return false;
			}
		} else if (c != '"' && c != '\\' && c != '/' && c != 'b' && c != 'f' && c != 'n' &&
			   c != 'r' && c != 't') {
			return false;
		}
	}
	return true;
}

static size_t judge_digits(struct judge *j)
{
	size_t count = 0;
	for (; peek(j) >= '0' && peek(j) <= '9'; count++)
		j->i++;
	return count;
}

static bool judge_number(struct judge *j)
{
	take(j, '-');
	if (!take(j, '0') && judge_digits(j) == 0)
		return false;
	if (take(j, '.') && judge_digits(j) == 0)
		return false;
	if (take(j, 'e') || take(j, 'E')) {
		if (!take(j, '+'))
			take(j, '-');
		return judge_digits(j) > 0;
	}
	return true;
}

static bool judge_container(struct judge *j, bool is_object, int depth)
{
	j->i++;
	judge_space(j);
	if (take(j, is_object ? '}' : ']'))
		return true;
	for (;;) {
		if (is_object) {
			judge_space(j);
			if (!judge_string(j))
				return false;
			judge_space(j);
			if (!take(j, ':'))
				return false;
		}
		if (!judge_value(j, depth))
			return false;
		if (take(j, is_object ? '}' : ']'))
			return true;
		if (!take(j, ','))
			return false;
	}
}

/* A value with white space at both ends. */
static bool judge_value(struct judge *j, int depth)
{
	judge_space(j);
	int c = peek(j);
	bool is_good = c == '{' || c == '[' ? depth < JSON_DEPTH_MAX &&
						      judge_container(j, c == '{', depth + 1)
		       : c == '"'	    ? judge_string(j)
		       : c == 't'	    ? judge_word(j, "true")
		       : c == 'f'	    ? judge_word(j, "false")
		       : c == 'n'	    ? judge_word(j, "null")
					    : judge_number(j);
	judge_space(j);
	return is_good;
}

/* --- the functions under test ---------------------------------------------- */

static void require_inside(struct span outer, struct span inner)
{
	if (!inner.p)
		return;
	fuzz_require(inner.p >= outer.p && inner.p + inner.n <= outer.p + outer.n);
}

static void use_scalar(struct span whole, struct span value)
{
	struct buf b = BUF_INIT(whole.n * 3 + 16);
	int64_t number;
	json_type(value);
	json_int(value, &number);
	json_bool_or(value, true);
	json_double_or(value, 0);
	json_string_is(value, "method");
	json_string_is(value, "");
	require_inside(whole, json_string_plain(value));
	json_string_add(&b, value);
	free(json_string_dup(value));
	json_scalar_equal(value, value);
	buf_free(&b);
}

static void walk(struct span whole, struct span container, bool is_checked, int levels)
{
	struct json_iter it = json_iter(container);
	struct span key, value;
	size_t steps = 0;
	while (json_next(&it, &key, &value)) {
		fuzz_require(++steps <= container.n);
		require_inside(container, key);
		require_inside(container, value);
		use_scalar(whole, value);
		if (key.p)
			use_scalar(whole, key);
		if (is_checked) {
			fuzz_require(json_check(value, NULL) == 0);
			fuzz_require(!it.is_object || json_type(key) == JSON_STRING);
		}
		if (levels > 0)
			walk(whole, value, is_checked, levels - 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = xmalloc(size); /* the exact size: a byte too far shows */
	if (size)
		memcpy(copy, data, size);
	struct span text = {copy, size};
	struct judge j = {data, size, 0};
	bool is_json = judge_value(&j, 0) && j.i == size;
	size_t offset = 0;
	fuzz_require((json_check(text, &offset) == 0) == is_json);
	fuzz_require(offset <= size);
	walk(text, is_json ? span_trim(text) : text, is_json, 2);
	use_scalar(text, span_trim(text));
	static const char *const names[] = {"jsonrpc", "id", "method", "params", "a", ""};
	struct span values[6];
	json_members(text, names, values, 6);
	for (size_t i = 0; i < 6; i++)
		require_inside(text, values[i]);
	require_inside(text, json_path(text, "params.update.content"));
	require_inside(text, json_get(text, "id"));
	free(copy);
	return 0;
}
