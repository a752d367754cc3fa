package deploy_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "write the table of the values into docs/installing.md")

// valuesTable begins and ends the generated part of the page.
var valuesTable = [2]string{"| Value | Default | Meaning |\n| --- | --- | --- |\n", "\n## Monitor it"}

// TestTheTableOfValues checks that the documentation has each value, with its default and the description in the schema.
func TestTheTableOfValues(t *testing.T) {
	const page = "../docs/installing.md"
	content, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(content), valuesTable[0])
	got, after, foundEnd := strings.Cut(rest, valuesTable[1])
	if !found || !foundEnd {
		t.Fatal("the page has no table of values")
	}
	want := valueRows(t)
	if *update {
		if err := os.WriteFile(page, []byte(before+valuesTable[0]+want+valuesTable[1]+after), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the table is older than the chart: run \"go test ./deploy/ -run TestTheTableOfValues -update\" (-chart +page):\n%s", diff)
	}
}

// schemaNode is what the table needs of the values' schema.
type schemaNode struct {
	Description string                `json:"description"`
	Properties  map[string]schemaNode `json:"properties"`
}

// whole are objects whose fields are Kubernetes' or the tuning's, which have documentation of their own.
var whole = map[string]bool{"tuning": true, "resources": true}

// valueRows returns the rows of the table, in the order of values.yaml. It fails the test if the values and their schema have different keys.
func valueRows(t *testing.T) string {
	t.Helper()
	var schema schemaNode
	read(t, "chart/values.schema.json", &schema)
	content, err := os.ReadFile("chart/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil {
		t.Fatal(err)
	}
	rows := rowsOf(t, "", schema, document.Content[0])
	// A parent chart sets these two. They have no default.
	for _, name := range []string{"enabled", "global"} {
		rows += fmt.Sprintf("| `%s` | | %s |\n", name, schema.Properties[name].Description)
	}
	return rows
}

// rowsOf returns the rows for the fields of a value that is an object.
func rowsOf(t *testing.T, path string, schema schemaNode, value *yaml.Node) string {
	t.Helper()
	var rows strings.Builder
	known := map[string]bool{}
	for i := 0; i < len(value.Content); i += 2 {
		name, field := value.Content[i].Value, value.Content[i+1]
		at := strings.TrimPrefix(path+"."+name, ".")
		property, found := schema.Properties[name]
		known[name] = true
		if !found {
			t.Errorf("the schema lacks %s", at)
			continue
		}
		if property.Properties != nil && !whole[at] {
			rows.WriteString(rowsOf(t, at, property, field))
			continue
		}
		fmt.Fprintf(&rows, "| `%s` | %s | %s |\n", at, defaultOf(t, field), property.Description)
	}
	for name := range schema.Properties {
		if !known[name] && (path != "" || name != "enabled" && name != "global") {
			t.Errorf("values.yaml lacks %s.%s", path, name)
		}
	}
	return rows.String()
}

// defaultOf returns a default as a cell of the table; an empty text as an empty cell.
func defaultOf(t *testing.T, field *yaml.Node) string {
	t.Helper()
	var value any
	if err := field.Decode(&value); err != nil {
		t.Fatal(err)
	}
	switch value := value.(type) {
	case string:
		if value == "" {
			return ""
		}
		return "`" + value + "`"
	default:
		var encoded bytes.Buffer
		encoder := json.NewEncoder(&encoded)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(value); err != nil {
			t.Fatal(err)
		}
		return "`" + strings.TrimSpace(encoded.String()) + "`"
	}
}

// TestEveryValueIsDescribed checks the tuning, too, which the table leaves out.
func TestEveryValueIsDescribed(t *testing.T) {
	var schema schemaNode
	read(t, "chart/values.schema.json", &schema)
	var check func(path string, node schemaNode)
	check = func(path string, node schemaNode) {
		for name, property := range node.Properties {
			if property.Description == "" {
				t.Errorf("%s/%s has no description", path, name)
			}
			if path+"/"+name != "/resources" {
				check(path+"/"+name, property)
			}
		}
	}
	check("", schema)
}
