/* See encoding.h. */
#include "parser/encoding.h"

#include <stdint.h>
#include <string.h>

bool text_is_ascii(const char *text, size_t length)
{
	for (; length >= sizeof(uint64_t); text += sizeof(uint64_t), length -= sizeof(uint64_t)) {
		uint64_t bytes;
		memcpy(&bytes, text, sizeof bytes);
		if (bytes & 0x8080808080808080u)
			return false;
	}
	for (; length > 0; text++, length--)
		if (*text & 0x80)
			return false;
	return true;
}

/* A quoted name is not folded, and this short it is cut nowhere. */
static bool is_kept(const struct token *token)
{
	return token->kind == TOKEN_QUOTED && token->end - token->start < NAMEDATALEN;
}

const struct token *encoding_doubtful_name(const char *text, const struct tokens *tokens,
										   enum name_bytes bytes)
{
	for (size_t i = 0; bytes != NAMES_ALIKE && i < tokens->n; i++) {
		const struct token *token = &tokens->items[i];
		if ((token->kind == TOKEN_WORD || token->kind == TOKEN_QUOTED) &&
			!text_is_ascii(text + token->start, token->end - token->start) &&
			!(bytes == NAMES_FOLDED && is_kept(token)))
			return token;
	}
	return NULL;
}
