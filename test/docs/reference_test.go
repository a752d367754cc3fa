package docs_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tanist-dev/tanist/config"
)

// controller are the folders whose code runs in the cluster.
var controller = []string{"cache", "certs", "cmd/tanist", "config", "election", "grant", "leaderslice", "observe", "reconciler", "retry", "webhook"}

// section returns the part of a page under a heading, up to the next heading of the same level.
func section(t *testing.T, page, heading string) string {
	t.Helper()
	_, after, found := strings.Cut("\n"+read(t, page), "\n"+heading+"\n")
	if !found {
		t.Fatalf("%s has no heading %q", page, heading)
	}
	level, _, _ := strings.Cut(heading, " ")
	before, _, _ := strings.Cut(after, "\n"+level+" ")
	return before
}

// firstColumn returns the names in code style that the first column of a table has.
func firstColumn(text string) map[string]bool {
	names := map[string]bool{}
	for line := range strings.SplitSeq(text, "\n") {
		if cells := strings.Split(line, "|"); len(cells) > 2 {
			for _, match := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[1], -1) {
				name, _, _ := strings.Cut(match[1], "{") // the labels of a metric
				names[name] = true
			}
		}
	}
	return names
}

func TestEveryReasonIsInTheReference(t *testing.T) {
	reasons := constants(t, "reason", "election")
	delete(reasons, "LastResort") // it is only that of an Event: see the reference
	if diff := cmp.Diff(reasons, firstColumn(section(t, "docs/reference.md", "## Reasons for a change of leader"))); diff != "" {
		t.Errorf("reasons of changes of leader (-code +docs):\n%s", diff)
	}
	events := constants(t, "reason", "reconciler", "certs", "cmd/tanist", "webhook")
	if diff := cmp.Diff(events, firstColumn(section(t, "docs/reference.md", "## Events"))); diff != "" {
		t.Errorf("reasons of Events (-code +docs):\n%s", diff)
	}
}

func TestEveryMetricIsInTheDocumentation(t *testing.T) {
	metric := regexp.MustCompile(`^tanist_[a-z0-9_]+$`)
	metrics := map[string]bool{}
	literals(t, func(value string) {
		if metric.MatchString(value) {
			metrics[value] = true
		}
	}, controller...)
	if diff := cmp.Diff(metrics, firstColumn(section(t, "docs/usage.md", "## Metrics"))); diff != "" {
		t.Errorf("metrics (-code +docs):\n%s", diff)
	}
	suffix := regexp.MustCompile(`_(bucket|count|sum)$`)
	for path, text := range pages(t) {
		for _, name := range regexp.MustCompile(`\btanist_[a-z][a-z0-9_]+`).FindAllString(text, -1) {
			if !metrics[name] && !metrics[suffix.ReplaceAllString(name, "")] {
				t.Errorf("%s names the metric %s, which does not exist", path, name)
			}
		}
	}
}

func TestEveryLabelAndAnnotationIsInTheReference(t *testing.T) {
	key := regexp.MustCompile(`(?:^|[^.\w])(tanist\.dev/[a-z0-9]+(?:-[a-z0-9]+)*)`)
	keys := func(text string) (all []string) {
		for _, match := range key.FindAllStringSubmatch(text, -1) {
			all = append(all, match[1])
		}
		return all
	}
	listed := map[string]bool{}
	for _, page := range []string{"docs/reference.md", "docs/usage.md"} {
		for _, name := range keys(read(t, page)) {
			listed[name] = true
		}
	}
	known := map[string]bool{config.EnabledKey: true, config.SourceServiceKey: true, config.RulesKey: true, config.AliveKey: true}
	for _, name := range config.KnownKeys() {
		known[name] = true
	}
	for name := range known {
		if !listed[name] {
			t.Errorf("neither docs/reference.md nor docs/usage.md has %s", name)
		}
	}
	literals(t, func(value string) { // those of the plugin and of Tanist itself
		for _, name := range keys(value) {
			known[name] = true
		}
	}, append([]string{"cmd", "bench"}, controller...)...)
	walk(t, "deploy/chart/templates", "", func(path string) {
		for _, name := range keys(read(t, path)) {
			known[name] = true
		}
	})
	for path, text := range pages(t) {
		for _, name := range keys(text) {
			if !known[name] {
				t.Errorf("%s names %s, which does not exist", path, name)
			}
		}
	}
}

// TestTheTuningInTheDocumentationIsTheDefault checks that the documented tuning has all fields, with their defaults.
func TestTheTuningInTheDocumentationIsTheDefault(t *testing.T) {
	_, block, _ := strings.Cut(section(t, "docs/usage.md", "## Tuning"), "```yaml\n")
	block, _, _ = strings.Cut(block, "```")
	documented, errs := config.ParseTuning([]byte(block))
	if len(errs) > 0 {
		t.Fatal(errs.ToAggregate())
	}
	if diff := cmp.Diff(config.DefaultTuning(), documented); diff != "" {
		t.Errorf("the tuning (-default +docs):\n%s", diff)
	}
	for _, name := range fields(t, config.DefaultTuning()) {
		if !regexp.MustCompile(`\b` + name + `:`).MatchString(block) {
			t.Errorf("the documented tuning has no field %s", name)
		}
	}
}
