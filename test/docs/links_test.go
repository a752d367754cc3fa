package docs_test

import (
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	code    = regexp.MustCompile("(?s)```.*?```")
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

// anchors returns the anchors that GitHub gives the headings of a page.
func anchors(text string) (all []string) {
	for _, match := range heading.FindAllStringSubmatch(code.ReplaceAllString(text, ""), -1) {
		title := regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`).ReplaceAllString(match[1], "$1")
		anchor := regexp.MustCompile(`[^\p{L}\p{N}_ -]`).ReplaceAllString(strings.ToLower(title), "")
		anchor = strings.ReplaceAll(anchor, " ", "-")
		numbered := anchor
		for i := 1; slices.Contains(all, numbered); i++ {
			numbered = anchor + "-" + string(rune('0'+i))
		}
		all = append(all, numbered)
	}
	return all
}

func TestLinks(t *testing.T) {
	all := pages(t)
	for from, text := range all {
		for _, match := range link.FindAllStringSubmatch(code.ReplaceAllString(text, ""), -1) {
			to, anchor, _ := strings.Cut(match[1], "#")
			if strings.Contains(to, "://") || strings.HasPrefix(to, "mailto:") {
				continue
			}
			target := from
			if to != "" {
				target = path.Join(path.Dir(from), to)
			}
			if _, err := os.Stat(filepath.Join(root, target)); err != nil {
				t.Errorf("%s links to %s, which does not exist", from, match[1])
			} else if anchor != "" && strings.HasSuffix(target, ".md") && !slices.Contains(anchors(all[target]), anchor) {
				t.Errorf("%s links to %s, and that page has no such heading", from, match[1])
			}
		}
	}
}

func TestCommandsExist(t *testing.T) {
	makefile, subcommands := read(t, "Makefile"), []string{"help", "completion"}
	literals(t, func(value string) {
		// The first word of cobra's Use.
		if name, _, _ := strings.Cut(value, " "); regexp.MustCompile(`^[a-z][a-z-]+$`).MatchString(name) {
			subcommands = append(subcommands, name)
		}
	}, "cmd/kubectl-tanist")
	for path, text := range pages(t) {
		for _, match := range regexp.MustCompile("(?m)(?:^|`)make ([a-z][a-z0-9-]*)").FindAllStringSubmatch(text, -1) {
			if !regexp.MustCompile(`(?m)^` + match[1] + `\b[^=]*:`).MatchString(makefile) {
				t.Errorf("%s names %q, and the Makefile has no such target", path, "make "+match[1])
			}
		}
		for _, match := range regexp.MustCompile(`kubectl tanist ([a-z][a-z-]*)`).FindAllStringSubmatch(text, -1) {
			if !slices.Contains(subcommands, match[1]) {
				t.Errorf("%s names %q, and the plugin has no such command", path, "kubectl tanist "+match[1])
			}
		}
	}
}

// fields returns the names of all fields of a value's JSON.
func fields(t *testing.T, value any) (all []string) {
	t.Helper()
	content, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var decoded map[string]any
	if err := json.Unmarshal(content, &decoded); err != nil {
		t.Fatal(err)
	}
	var visit func(map[string]any)
	visit = func(object map[string]any) {
		for name, inner := range object {
			all = append(all, name)
			if deeper, is := inner.(map[string]any); is {
				visit(deeper)
			}
		}
	}
	visit(decoded)
	return all
}
