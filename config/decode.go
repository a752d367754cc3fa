package config

import (
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// decode writes the keys of the JSON over the defaults in the tuning. A key without a value keeps its default. It reports every value
// that does not fit, up to MaxErrors, and stops at the first unknown key.
func decode(text []byte, tuning *Tuning) field.ErrorList {
	var errs field.ErrorList
	value := func(decoder *jsontext.Decoder, into any) error {
		t := reflect.TypeOf(into).Elem()
		switch kind := decoder.PeekKind(); {
		case kind == 'n':
			return decoder.SkipValue()
		case kind == '{' && t.Kind() == reflect.Struct && t != durationType, kind == '[' && t.Kind() == reflect.Slice:
			return errors.ErrUnsupported // the library decodes it, and calls this function for each value in it
		}
		text, err := decoder.ReadValue()
		if err != nil {
			return err
		}
		if err := json.Unmarshal(text, into, durations); err != nil {
			if len(errs) == MaxErrors {
				return errTooMany
			}
			errs = append(errs, field.Invalid(pathOf(decoder.StackPointer()), shown(text), expected(t)))
		}
		return nil
	}
	err := json.Unmarshal(text, tuning, json.RejectUnknownMembers(true), json.WithUnmarshalers(json.UnmarshalFromFunc(value)))
	if errors.Is(err, errTooMany) {
		return append(errs, field.Invalid(tuningPath, field.OmitValueType{}, errTooMany.Error()))
	}
	if unknown, ok := errors.AsType[*json.SemanticError](err); ok && errors.Is(err, json.ErrUnknownName) {
		key := unknown.JSONPointer.LastToken()
		return append(errs, field.NotSupported(pathOf(unknown.JSONPointer), cut(key), keysOf(unknown.GoType)))
	}
	if err != nil {
		return append(errs, field.Invalid(tuningPath, field.OmitValueType{}, cut(err.Error())))
	}
	return errs
}

// errTooMany ends the decoding of a tuning with more than MaxErrors wrong values.
var errTooMany = errors.New("has more wrong values")

var durationType = reflect.TypeFor[metav1.Duration]()

// durations accepts 0 without a unit, which metav1.Duration does not.
var durations = json.WithUnmarshalers(json.UnmarshalFunc(func(text []byte, into *metav1.Duration) (err error) {
	into.Duration, err = time.ParseDuration(strings.Trim(string(text), `"`))
	return err
}))

// pathOf returns the path of a value in the ConfigMap.
func pathOf(pointer jsontext.Pointer) *field.Path {
	at := tuningPath
	for token := range pointer.Tokens() {
		if i, err := strconv.Atoi(token); err == nil {
			at = at.Index(i)
		} else {
			at = at.Child(cut(token))
		}
	}
	return at
}

// shown returns the value as an error shows it. It omits mappings and lists, which may be long.
func shown(text jsontext.Value) any {
	if kind := text.Kind(); kind == '{' || kind == '[' {
		return field.OmitValueType{}
	}
	return cut(strings.Trim(string(text), `"`))
}

// expected describes the values that a type accepts.
func expected(t reflect.Type) string {
	switch {
	case t == durationType:
		return "must be a duration such as 50ms or 10s"
	case t.Kind() == reflect.Struct:
		return "must be a mapping with the keys " + strings.Join(keysOf(t), ", ")
	case t.Kind() == reflect.Slice:
		return "must be a list such as [a, b]"
	case t.Kind() == reflect.Int:
		return "must be a whole number"
	case t.Kind() == reflect.Bool:
		return "must be true or false"
	default:
		return "must be a string (in quotes if it looks like something else)"
	}
}

// keysOf returns the keys of a struct, sorted.
func keysOf(t reflect.Type) []string {
	var keys []string
	for f := range t.Fields() {
		keys = append(keys, f.Tag.Get("json"))
	}
	slices.Sort(keys)
	return keys
}
