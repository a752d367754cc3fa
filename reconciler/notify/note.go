package notify

import (
	"strings"
	"unicode/utf8"
)

// maxNote is the longest note, in bytes, that the API accepts.
const maxNote = 1024

// FitNote shortens a note that is too long: the API would refuse the whole Event.
func FitNote(note string) string {
	return shorten(note, maxNote)
}

// shorten cuts a text to a number of bytes, between two runes.
func shorten(text string, longest int) string {
	const more = " …"
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= longest {
		return text
	}
	end := longest - len(more)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + more
}
