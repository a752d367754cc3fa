package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

var durationType = reflect.TypeFor[metav1.Duration]()

// decode writes the keys that are there over what the value holds (its defaults), and reports each one that does not fit.
//
// It walks the YAML itself because the usual decoders lose what a user needs to find the mistake: where a key stands twice, and
// which field a value that does not parse belongs to. They also cannot tell an explicit false from a missing key.
func decode(node *yaml.Node, into reflect.Value, at *field.Path) field.ErrorList {
	switch {
	case node.Kind == yaml.AliasNode || node.Anchor != "":
		return field.ErrorList{invalid(node, at, "must be written out: anchors and aliases are not supported")}
	case node.ShortTag() == "!!null":
		return nil
	case into.Type() == durationType:
		return decodeDuration(node, into, at)
	case into.Kind() == reflect.Struct:
		return decodeStruct(node, into, at)
	case into.Kind() == reflect.Slice:
		return decodeList(node, into, at)
	default:
		return decodeScalar(node, into, at)
	}
}

func decodeStruct(node *yaml.Node, into reflect.Value, at *field.Path) field.ErrorList {
	known := fieldsByKey(into)
	if node.Kind != yaml.MappingNode {
		return field.ErrorList{invalid(node, at, "must be a mapping with the keys "+strings.Join(sortedKeys(known), ", "))}
	}
	var errs field.ErrorList
	firstLine := map[string]int{}
	for i := 0; i < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		child := at.Child(key.Value)
		target, isKnown := known[key.Value]
		line, isDuplicate := firstLine[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode || !isKnown:
			detail := fmt.Sprintf("is not a key here (line %d); the keys are %s", key.Line, strings.Join(sortedKeys(known), ", "))
			errs = append(errs, field.Invalid(child, key.Value, detail))
		case isDuplicate:
			duplicate := field.Duplicate(child, key.Value)
			duplicate.Detail = fmt.Sprintf("in lines %d and %d", line, key.Line)
			errs = append(errs, duplicate)
		default:
			firstLine[key.Value] = key.Line
			errs = append(errs, decode(value, target, child)...)
		}
	}
	return errs
}

// decodeList replaces what the list held: one that is left out keeps its default, one that is there is meant as it stands.
func decodeList(node *yaml.Node, into reflect.Value, at *field.Path) field.ErrorList {
	if node.Kind != yaml.SequenceNode {
		return field.ErrorList{invalid(node, at, "must be a list such as [a, b]")}
	}
	list := reflect.MakeSlice(into.Type(), len(node.Content), len(node.Content))
	var errs field.ErrorList
	for i, item := range node.Content {
		if item.ShortTag() == "!!null" {
			errs = append(errs, invalid(item, at.Index(i), "must have a value"))
			continue
		}
		errs = append(errs, decode(item, list.Index(i), at.Index(i))...)
	}
	into.Set(list)
	return errs
}

func decodeDuration(node *yaml.Node, into reflect.Value, at *field.Path) field.ErrorList {
	d, err := time.ParseDuration(node.Value)
	if node.Kind != yaml.ScalarNode || err != nil {
		return field.ErrorList{invalid(node, at, "must be a duration such as 50ms or 10s")}
	}
	into.Set(reflect.ValueOf(metav1.Duration{Duration: d}))
	return nil
}

// decodeScalar accepts exactly what YAML calls an integer, a boolean or a text: the decoder alone would make 1 of 1.5.
func decodeScalar(node *yaml.Node, into reflect.Value, at *field.Path) field.ErrorList {
	tag, detail := "!!bool", "must be true or false"
	switch into.Kind() {
	case reflect.Int:
		tag, detail = "!!int", "must be a whole number"
	case reflect.String:
		tag, detail = "!!str", "must be a text (in quotes if it looks like something else)"
	}
	if node.ShortTag() != tag || node.Decode(into.Addr().Interface()) != nil {
		return field.ErrorList{invalid(node, at, detail)}
	}
	return nil
}

func invalid(node *yaml.Node, at *field.Path, detail string) *field.Error {
	var value any = node.Value
	if node.Kind != yaml.ScalarNode {
		value = field.OmitValueType{}
	}
	return field.Invalid(at, value, fmt.Sprintf("%s (line %d)", detail, node.Line))
}

// fieldsByKey are the struct's fields under their JSON names.
func fieldsByKey(v reflect.Value) map[string]reflect.Value {
	fields := map[string]reflect.Value{}
	for i := range v.NumField() {
		fields[v.Type().Field(i).Tag.Get("json")] = v.Field(i)
	}
	return fields
}

func sortedKeys(fields map[string]reflect.Value) []string {
	var keys []string
	for key := range fields {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
