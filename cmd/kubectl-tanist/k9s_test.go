package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// k9sPlugin has the fields of k9s' schema that the file uses.
type k9sPlugin struct {
	ShortCut    string   `json:"shortCut"`
	Override    bool     `json:"override"`
	Description string   `json:"description"`
	Scopes      []string `json:"scopes"`
	Command     string   `json:"command"`
	Background  bool     `json:"background"`
	Confirm     bool     `json:"confirm"`
	Dangerous   bool     `json:"dangerous"`
	Args        []string `json:"args"`
}

// TestK9sPlugins checks that the file for k9s can be read, and that each plugin is a command line of this program.
func TestK9sPlugins(t *testing.T) {
	text, err := os.ReadFile("../../deploy/k9s/plugins.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Plugins map[string]k9sPlugin `json:"plugins"`
	}
	if err := yaml.UnmarshalStrict(text, &file); err != nil {
		t.Fatal(err)
	}
	keys := map[string]string{}
	for name, plugin := range file.Plugins {
		t.Run(name, func(t *testing.T) {
			if plugin.ShortCut == "" || plugin.Description == "" || plugin.Command != "sh" || len(plugin.Args) != 2 || plugin.Args[0] != "-c" || len(plugin.Scopes) != 1 {
				t.Fatalf("got %+v", plugin)
			}
			key := plugin.Scopes[0] + " " + plugin.ShortCut
			if other, taken := keys[key]; taken {
				t.Errorf("%s has the key %s too", other, key)
			}
			keys[key] = name
			line, pager, piped := strings.Cut(plugin.Args[1], " 2>&1 | ")
			if !piped || !strings.HasPrefix(pager, "less ") {
				t.Errorf("its output would vanish: %s", plugin.Args[1])
			}
			args, isOurs := strings.CutPrefix(line, "kubectl tanist ")
			if !isOurs {
				t.Fatalf("it runs %s", line)
			}
			for _, variable := range regexp.MustCompile(`.?\$\w+.?`).FindAllString(args, -1) {
				if !slices.Contains([]string{`"$NAME"`, `"$NAMESPACE"`, `"$CONTEXT"`}, variable) {
					t.Errorf("k9s does not know %s, or the shell would split it", variable)
				}
			}
			root := newRootCommand("v1.2.3")
			command, rest, err := root.Find(strings.Fields(strings.ReplaceAll(args, `"`, "")))
			if err != nil {
				t.Fatal(err)
			}
			if err := command.ParseFlags(rest); err != nil {
				t.Fatal(err)
			}
			if err := command.ValidateArgs(command.Flags().Args()); err != nil {
				t.Error(err)
			}
			writes := command.Name() == "handover" && !strings.Contains(args, "--dry-run")
			if plugin.Confirm != writes || plugin.Dangerous != writes {
				t.Errorf("it writes: %t, and k9s asks: %t, and refuses in read-only mode: %t", writes, plugin.Confirm, plugin.Dangerous)
			}
		})
	}
	if len(file.Plugins) == 0 {
		t.Error("the file has no plugin")
	}
}
