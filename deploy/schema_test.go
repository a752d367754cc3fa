package deploy_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tanist-dev/tanist/config"
)

// TestTheSchemaKnowsTheTuning checks that the values' schema has each key of the tuning, and no other.
func TestTheSchemaKnowsTheTuning(t *testing.T) {
	var schema map[string]any
	read(t, "chart/values.schema.json", &schema)
	definitions := schema["definitions"].(map[string]any)
	tuning := schema["properties"].(map[string]any)["tuning"].(map[string]any)

	encoded, err := json.Marshal(config.DefaultTuning())
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]any
	if err := json.Unmarshal(encoded, &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(paths("", want), schemaPaths("", tuning, definitions)); diff != "" {
		t.Errorf("unexpected keys of the tuning (-config +schema):\n%s", diff)
	}
}

// read decodes a JSON file.
func read(t *testing.T, file string, into any) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// paths returns the paths of all values that are not objects, sorted.
func paths(at string, value any) []string {
	object, ok := value.(map[string]any)
	if !ok {
		return []string{at}
	}
	var all []string
	for key, value := range object {
		all = append(all, paths(at+"/"+key, value)...)
	}
	slices.Sort(all)
	return all
}

// schemaPaths returns the paths of all schemas without properties, sorted.
func schemaPaths(at string, schema, definitions map[string]any) []string {
	if reference, ok := schema["$ref"].(string); ok {
		schema = definitions[strings.TrimPrefix(reference, "#/definitions/")].(map[string]any)
	}
	properties, ok := schema["properties"].(map[string]any)
	if !ok {
		return []string{at}
	}
	var all []string
	for key, value := range properties {
		all = append(all, schemaPaths(at+"/"+key, value.(map[string]any), definitions)...)
	}
	slices.Sort(all)
	return all
}

// TestTheDefaultsInValues checks that the comment in values.yaml shows each key of the tuning with its default.
func TestTheDefaultsInValues(t *testing.T) {
	content, err := os.ReadFile("chart/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, comment, _ := strings.Cut(string(content), "without a restart:\n")
	comment, _, _ = strings.Cut(comment, "\ntuning: {}")
	shown := regexp.MustCompile(`(?m)^# ? ?`).ReplaceAllString(comment, "")
	tuning, errs := config.ParseTuning([]byte(shown))
	if len(errs) > 0 {
		t.Fatalf("%v in:\n%s", errs, shown)
	}
	if diff := cmp.Diff(config.DefaultTuning(), tuning); diff != "" {
		t.Errorf("unexpected defaults (-program +values):\n%s", diff)
	}
	encoded, err := json.Marshal(config.DefaultTuning())
	if err != nil {
		t.Fatal(err)
	}
	var keys map[string]any
	if err := json.Unmarshal(encoded, &keys); err != nil {
		t.Fatal(err)
	}
	for _, path := range paths("", keys) {
		if key := path[strings.LastIndex(path, "/")+1:]; !strings.Contains(shown, key+":") {
			t.Errorf("%s is not shown", path)
		}
	}
}
