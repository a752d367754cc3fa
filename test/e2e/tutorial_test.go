//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/tanist-dev/tanist/test/env"
)

// typed is what the reader of the tutorial types, and what the tutorial shows then.
type typed struct {
	step, command string
	shown         []string
}

// tutorial returns what is typed in each step that has a heading with a number.
func tutorial(t *testing.T) (all []typed) {
	t.Helper()
	text, err := os.ReadFile("../../docs/tutorial.md")
	if err != nil {
		t.Fatal(err)
	}
	step, console := "", false
	for line := range strings.SplitSeq(string(text), "\n") {
		switch {
		case strings.HasPrefix(line, "## "):
			step, _, _ = strings.Cut(strings.TrimPrefix(line, "## "), ".")
		case strings.HasPrefix(line, "```"):
			console = line == "```console"
		case console && strings.HasPrefix(line, "$ "):
			all = append(all, typed{step: step, command: strings.TrimPrefix(line, "$ ")})
		case console:
			last := &all[len(all)-1]
			last.shown = append(last.shown, line)
		}
	}
	return all
}

// TestTutorial types what the tutorial says, from the second step on, and compares what must be the same.
func TestTutorial(t *testing.T) {
	client := env.Connect(t)
	env.AwaitBothReplicas(t, client)
	var variables []string
	shell := func(ctx context.Context, command string) (string, error) {
		bash := exec.CommandContext(ctx, "bash", "-c", command)
		bash.Dir, bash.Env = "../..", append(os.Environ(), variables...)
		output, err := bash.CombinedOutput()
		return strings.TrimSpace(string(output)), err
	}
	drained := ""
	t.Cleanup(func() {
		output, err := shell(context.WithoutCancel(t.Context()), "kubectl delete namespace shop --ignore-not-found && kubectl uncordon "+drained)
		if err != nil && drained != "" {
			t.Errorf("failed to clean up: %v: %s", err, output)
		}
	})
	node, assignment := regexp.MustCompile(`\bnode-\d\b`), regexp.MustCompile(`^([a-z]+)=\$\((.*)\)$`)
	for _, one := range tutorial(t) {
		if one.step == "1" {
			continue // the cluster is there
		}
		command := one.command
		if node.MatchString(command) {
			if drained == "" {
				drained, _ = shell(t.Context(), "kubectl tanist get payments -n shop -o jsonpath='{.items[0].leader.node}'")
			}
			command = node.ReplaceAllString(command, drained)
		}
		assigned := assignment.FindStringSubmatch(command)
		if assigned != nil {
			command = assigned[2]
		}
		t.Logf("%s: $ %s", one.step, command)
		if log, _, counts := strings.Cut(command, " | grep -c"); counts {
			clientGoesOn(t, shell, log)
		}
		env.Await(t, command, func(ctx context.Context) error {
			output, err := shell(ctx, command)
			if assigned != nil && err == nil && output != "" {
				variables = append(variables, assigned[1]+"="+output)
			}
			err = one.differs(output, err)
			if err != nil && !strings.HasSuffix(command, "--tail=1") && !tables.MatchString(command) {
				t.Fatalf("%s: %v: %s", command, err, output) // whoever follows the tutorial types it once
			}
			return err
		})
	}
}

// clientGoesOn waits until the client has reported the requests that are under way, and some after them.
func clientGoesOn(t *testing.T, shell func(context.Context, string) (string, error), log string) {
	t.Helper()
	seconds := func(ctx context.Context) (int, error) {
		output, err := shell(ctx, log)
		return strings.Count(output, "\n"), err
	}
	before, err := seconds(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	env.Await(t, "the client goes on", func(ctx context.Context) error {
		now, err := seconds(ctx)
		if err == nil && now < before+3 {
			err = fmt.Errorf("it has reported %d seconds", now)
		}
		return err
	})
}

// tables are the commands whose output is a table.
var tables = regexp.MustCompile(`^kubectl (get|tanist) `)

// differs returns an error if a command has failed or its output is not what the tutorial shows. Names and times differ. The number of lines
// of a table, and how many requests have failed, do not.
func (one typed) differs(output string, err error) error {
	lines := strings.Split(output, "\n")
	switch {
	case strings.Contains(one.command, "grep -c"): // it fails when it counts none
		if one.step != "7" && output != one.shown[0] { // the number of that step varies
			return fmt.Errorf("got %s, want %s", output, one.shown[0])
		}
		return nil
	case err != nil:
		return err
	case output == "" && (len(one.shown) > 0 || strings.Contains(one.command, "=$(")):
		return errors.New("no output")
	case tables.MatchString(one.command) && len(lines) < len(one.shown):
		return fmt.Errorf("got %d lines, want %d", len(lines), len(one.shown))
	}
	return nil
}
