package commands

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Entry says how commands are tried. Without Not and Test they run.
type Entry struct {
	// Begins is how the commands begin.
	Begins string
	// Not is why they do not run.
	Not string
	// Test is the name of the test that runs them instead, or that runs what they run.
	Test string

	// Replace are pairs of a text in the commands and what stands in its place when they run, such as a placeholder and a variable.
	Replace []string
	// Before and After are scripts that run in the same shell. What they print to standard output is not looked at.
	Before, After string
	// Watch says that they run until they are ended. They must print a line within a minute.
	Watch bool
	// Fails says that they fail on a cluster that is well, as a search for what should not be there does. MayFail says that both is well.
	Fails, MayFail bool
	// Prints is a regular expression that the output must match.
	Prints string
	// AsSaid says that the output must be the text of the comment behind the command.
	AsSaid bool
}

// Runs reports whether the commands run.
func (e Entry) Runs() bool { return e.Not == "" && e.Test == "" }

// Page says how the commands of a page are tried.
type Page struct {
	// Scene is a script that makes what the page speaks of, and puts back what other pages changed.
	Scene string
	// Set is a script that runs before each block, and sets the variables that stand for placeholders.
	Set string
	// Replace is as in an Entry, and is for all commands of the page that run.
	Replace []string
	// Entries are tried before the Rules of the table.
	Entries []Entry
}

// Table says how all commands are tried.
type Table struct {
	Pages map[string]Page
	// Rules are for all pages.
	Rules []Entry
}

// Decide returns the entry for a command: that of its page with the longest beginning, or else that of the rules. It returns nil where there
// is none.
func (t Table) Decide(page string, command Command) *Entry {
	for _, entries := range [][]Entry{t.Pages[page].Entries, t.Rules} {
		var best *Entry
		for i, entry := range entries {
			if strings.HasPrefix(command.Text, entry.Begins) && (best == nil || len(entry.Begins) > len(best.Begins)) {
				best = &entries[i]
			}
		}
		if best != nil {
			return best
		}
	}
	return nil
}

// Problems returns what is wrong with the table: commands that it does not decide about, entries and replacements without a command, and
// names of tests for which exists is false.
func (t Table) Problems(blocks []Block, exists func(test string) bool) (problems []string) {
	decided, run := map[*Entry]string{}, map[string]string{} // the commands of an entry, and those of a page that run
	for _, block := range blocks {
		if _, listed := t.Pages[block.Page]; !listed {
			problems = append(problems, block.Page+" has commands, and is not in the table")
		}
		for _, command := range block.Commands {
			entry := t.Decide(block.Page, command)
			if entry == nil {
				problems = append(problems, fmt.Sprintf("%s:%d: no entry says how this is tried, or why not: %s", block.Page, command.Line, command.Text))
				continue
			}
			decided[entry] += command.Text + "\n"
			if entry.Runs() {
				run[block.Page] += command.Text + "\n"
			}
		}
	}
	check := func(place string, entries []Entry) {
		for i := range entries {
			for _, problem := range entries[i].problems(decided[&entries[i]], exists) {
				problems = append(problems, place+": "+problem)
			}
		}
	}
	check("every page", t.Rules)
	for page, how := range t.Pages {
		check(page, how.Entries)
		for _, old := range missing(how.Replace, run[page]) {
			problems = append(problems, fmt.Sprintf("%s: no command that runs has %q", page, old))
		}
	}
	slices.Sort(problems)
	return problems
}

// problems returns what is wrong with an entry, given the commands that it decides about.
func (e Entry) problems(decided string, exists func(test string) bool) (problems []string) {
	if decided == "" {
		problems = append(problems, fmt.Sprintf("no command begins with %q, or a longer entry has it", e.Begins))
	}
	if e.Test != "" && !exists(e.Test) {
		problems = append(problems, fmt.Sprintf("%q is run by %s, which does not exist", e.Begins, e.Test))
	}
	if how := (Entry{Begins: e.Begins, Not: e.Not, Test: e.Test}); !e.Runs() && !reflect.DeepEqual(e, how) {
		problems = append(problems, fmt.Sprintf("%q does not run, and yet the entry says how", e.Begins))
	}
	for _, old := range missing(e.Replace, decided) {
		problems = append(problems, fmt.Sprintf("no command that begins with %q has %q", e.Begins, old))
	}
	return problems
}

// missing returns what is to be replaced, and is not in the text.
func missing(replace []string, text string) (olds []string) {
	for pair := range slices.Chunk(replace, 2) {
		if !strings.Contains(text, pair[0]) {
			olds = append(olds, pair[0])
		}
	}
	return olds
}
