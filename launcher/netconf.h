/*
 * Reads string members of a JSON object (RFC 8259), and checks the whole text on the way as JSON.parse would.
 *
 * The text ends in a NUL, which JSON has nowhere, so no pointer passes it; nothing is allocated, and depth is bounded.
 * Each scan_ function takes the start of its piece and returns what follows it, NULL where it is malformed.
 */
#ifndef COIL_NETCONF_H
#define COIL_NETCONF_H
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MEMBER_MAX 255
#define DEPTH_MAX 128

/* A member to look for; the last in an array of them has no name. */
struct member {
	const char *name;
	enum { ABSENT, GIVEN, UNREADABLE } state; /* UNREADABLE: not a string, too long, or not printable ASCII */
	char text[MEMBER_MAX + 1];		  /* where GIVEN */
};

static const char *skip_space(const char *p) { return p + strspn(p, " \t\r\n"); }

static const char *scan_digits(const char *p)
{
	size_t n = strspn(p, "0123456789");
	return n ? p + n : NULL;
}

static const char *scan_number(const char *p)
{
	if (*p == '-') p++;
	p = *p == '0' ? p + 1 : scan_digits(p);
	if (p && *p == '.') p = scan_digits(p + 1);
	if (p && (*p == 'e' || *p == 'E')) p = scan_digits(p + (p[1] == '+' || p[1] == '-' ? 2 : 1));
	return p;
}

static const char *scan_string(const char *p)
{
	if (*p++ != '"') return NULL;
	for (; *p != '"'; p++) {
		if ((unsigned char)*p < 0x20) return NULL;
		if (*p != '\\') continue;
		if (*++p == 'u') {
			for (int i = 0; i < 4; i++)
				if (!isxdigit((unsigned char)*++p)) return NULL;
		} else if (!*p || !strchr("\"\\/bfnrt", *p)) {
			return NULL;
		}
	}
	return p + 1;
}

/* Decodes what scan_string accepted; 0 where it is longer than text, or not all printable ASCII. */
static int decode_string(const char *p, char text[MEMBER_MAX + 1])
{
	char hex[5] = "";
	size_t n = 0;
	for (p++; *p != '"'; p++) {
		unsigned long c = (unsigned char)*p;
		if (c == '\\' && *++p == 'u') {
			c = strtoul(memcpy(hex, p + 1, 4), NULL, 16);
			p += 4;
		} else if (c == '\\') {
			c = strchr("\"\\/", *p) ? (unsigned char)*p : 0;
		}
		if (c < 0x20 || c >= 0x7f || n == MEMBER_MAX) return 0;
		text[n++] = (char)c;
	}
	text[n] = 0;
	return 1;
}

static struct member *find_member(struct member *members, const char *key)
{
	char name[MEMBER_MAX + 1];
	if (!decode_string(key, name)) return NULL;
	while (members->name && strcmp(members->name, name)) members++;
	return members->name ? members : NULL;
}

/* Members are looked for in this value only, if it is an object, not in those inside; members may be NULL. */
static const char *scan_value(const char *p, int depth, struct member *members)
{
	static const char *const words[] = {"true", "false", "null"};
	const char close = *p == '{' ? '}' : ']';
	if (*p == '"') return scan_string(p);
	for (int i = 0; i < 3; i++)
		if (!strncmp(p, words[i], strlen(words[i]))) return p + strlen(words[i]);
	if (*p != '{' && *p != '[') return scan_number(p);
	if (depth == DEPTH_MAX) return NULL;
	p = skip_space(p + 1);
	if (*p == close) return p + 1;
	for (;; p = skip_space(p + 1)) {
		struct member *member = NULL;
		if (close == '}') {
			const char *key = p;
			if (!(p = scan_string(key)) || *(p = skip_space(p)) != ':') return NULL;
			if (members) member = find_member(members, key);
			p = skip_space(p + 1);
		}
		const char *value = p;
		if (!(p = scan_value(value, depth + 1, NULL))) return NULL;
		if (member) member->state = *value == '"' && decode_string(value, member->text) ? GIVEN : UNREADABLE;
		p = skip_space(p);
		if (*p == close) return p + 1;
		if (*p != ',') return NULL;
	}
}

/* Whether text[size], with a NUL behind, is one JSON object; fills in members, of which the last of a name counts. Where
 * it is none, all members are ABSENT. */
static int scan_object(const char *text, size_t size, struct member *members)
{
	const char *p = skip_space(text);
	if (*p == '{' && (p = scan_value(p, 0, members)) && skip_space(p) == text + size) return 1;
	for (; members->name; members++) members->state = ABSENT;
	return 0;
}
#endif
