#include "base/num.h"

int num_parse_u64(struct span text, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;
	if (text.n == 0)
		return -1;
	for (size_t i = 0; i < text.n; i++) {
		unsigned digit = (unsigned)(unsigned char)text.p[i] - '0';
		if (digit > 9 || __builtin_mul_overflow(value, 10u, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return -1;
	}
	if (value > max)
		return -1;
	*ret_value = value;
	return 0;
}

int num_parse_i64(struct span text, int64_t min, int64_t max, int64_t *ret_value)
{
	bool is_negative = text.n && text.p[0] == '-';
	struct span digits = {text.p + is_negative, text.n - is_negative};
	uint64_t magnitude;
	uint64_t limit = is_negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
	if (num_parse_u64(digits, limit, &magnitude) < 0)
		return -1;
	int64_t value = is_negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
	if (value < min || value > max)
		return -1;
	*ret_value = value;
	return 0;
}

int num_parse_duration_ms(struct span text, int64_t *ret_ms)
{
	static const struct {
		const char *suffix;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
	if (span_is(text, "off")) {
		*ret_ms = 0;
		return 0;
	}
	size_t digits = 0;
	while (digits < text.n && text.p[digits] >= '0' && text.p[digits] <= '9')
		digits++;
	uint64_t value;
	if (num_parse_u64((struct span){text.p, digits}, INT64_MAX, &value) < 0)
		return -1;
	struct span suffix = {text.p + digits, text.n - digits};
	int64_t factor = suffix.n == 0 ? 1000 : 0;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (span_is(suffix, units[i].suffix))
			factor = units[i].ms;
	int64_t ms;
	if (factor == 0 || __builtin_mul_overflow((int64_t)value, factor, &ms))
		return -1;
	*ret_ms = ms;
	return 0;
}

int num_parse_size(struct span text, uint64_t *ret_bytes)
{
	unsigned shift = 0;
	if (text.n) {
		switch (text.p[text.n - 1]) {
		case 'k':
		case 'K':
			shift = 10;
			break;
		case 'm':
		case 'M':
			shift = 20;
			break;
		case 'g':
		case 'G':
			shift = 30;
			break;
		default:
			break;
		}
	}
	struct span digits = {text.p, text.n - (shift ? 1 : 0)};
	uint64_t value;
	if (num_parse_u64(digits, UINT64_MAX >> shift, &value) < 0)
		return -1;
	*ret_bytes = value << shift;
	return 0;
}
