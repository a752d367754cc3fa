package config

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// MaxErrors is how many errors about one object are told. More are counted: nobody reads a thousand errors, and each costs time wherever
// it is made, compared and printed.
const MaxErrors = 10

// maxShown is how many bytes of a value or key an error shows.
const maxShown = 100

// cut shortens a value or key for an error.
func cut(text string) string {
	if len(text) <= maxShown {
		return text
	}
	end := maxShown
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "..."
}

// firstKeys are the first keys of a map, in order, that are wrong. It takes a short time even for a map with many wrong keys.
type firstKeys struct {
	keys []string
	// more is how many further keys are wrong.
	more int
}

// wrongKeys returns the first of the keys that are wrong.
func wrongKeys[V any](all map[string]V, wrong func(string) bool) (first firstKeys) {
	for key := range all {
		if !wrong(key) {
			continue
		}
		if at, _ := slices.BinarySearch(first.keys, key); at < MaxErrors {
			first.keys = slices.Insert(first.keys, at, key)
		} else {
			first.more++
		}
		if len(first.keys) > MaxErrors {
			first.keys = first.keys[:MaxErrors]
			first.more++
		}
	}
	return first
}

// rest returns an error for the keys that are not told one by one.
func (f firstKeys) rest(at *field.Path) field.ErrorList {
	if f.more == 0 {
		return nil
	}
	return field.ErrorList{field.Invalid(at, field.OmitValueType{}, fmt.Sprintf("%d more keys are wrong", f.more))}
}
