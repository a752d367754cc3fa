package doctor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// some are four checks, one of each outcome.
func some() []check {
	found := func(f findings) func(*facts) findings { return func(*facts) findings { return f } }
	problems := findings{}
	problems.warn("Service a/b", "it is odd", "look at it")
	failing := findings{problems: append([]problem(nil), problems.problems...)}
	failing.fail("Service a/c", "it is wrong", "correct it")
	return []check{
		{"one", installation, "one holds", found(findings{})}, {"two", installation, "two holds", found(problems)},
		{"three", services, "three holds", found(failing)}, {"four", services, "four holds", found(skip("may not read x"))},
	}
}

func TestText(t *testing.T) {
	const want = `Installation
------------
√ one holds
‼ two holds
    Service a/b: it is odd
    -> look at it
    see docs/doctor.md#two (https://github.com/tanist-dev/tanist/blob/main/docs/doctor.md#two)

Services (namespace a)
----------------------
× three holds
    Service a/b: it is odd
    -> look at it
    Service a/c: it is wrong
    -> correct it
    see docs/doctor.md#three (https://github.com/tanist-dev/tanist/blob/main/docs/doctor.md#three)
- four holds (skipped: may not read x)

Status: × (1 passed, 1 warned, 1 failed, 1 skipped)
`
	d := diagnose(&facts{checked: "a"}, some())
	var plain, coloured bytes.Buffer
	if err := d.writeText(&plain, false); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, plain.String()); diff != "" {
		t.Errorf("unexpected text (-want +got):\n%s", diff)
	}
	if err := d.writeText(&coloured, true); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"\x1b[32;1m√\x1b[0m one", "\x1b[33;1m‼\x1b[0m two", "\x1b[31;1m×\x1b[0m three", "\n- four"} {
		if !strings.Contains(coloured.String(), part) {
			t.Errorf("%q is not in %q", part, coloured.String())
		}
	}
}

func TestWhatUsersHaveWrittenCannotControlTheTerminal(t *testing.T) {
	var found findings
	found.fail("Service a/b", "wrong value \"\x1b[2J\"", "correct it")
	d := diagnose(&facts{}, []check{{"one", services, "one", func(*facts) findings { return found }}})
	var text bytes.Buffer
	if err := d.writeText(&text, true); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text.String(), "\x1b[2J") {
		t.Errorf("got %q", text.String())
	}
}

func TestManyProblemsAreCut(t *testing.T) {
	var many findings
	for i := range shownProblems + 2 {
		many.fail("x", fmt.Sprint(i), "y")
	}
	d := diagnose(&facts{}, []check{{"one", services, "one", func(*facts) findings { return many }}})
	var text bytes.Buffer
	if err := d.writeText(&text, false); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(text.String(), "-> y"); got != shownProblems || !strings.Contains(text.String(), "and 2 more: see -o json") {
		t.Errorf("got %d problems in\n%s", got, text.String())
	}
}

func TestJSON(t *testing.T) {
	d := diagnose(&facts{}, some())
	var text bytes.Buffer
	if err := d.writeJSON(&text); err != nil {
		t.Fatal(err)
	}
	var got Diagnosis
	if err := json.Unmarshal(text.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(d, got); diff != "" {
		t.Errorf("decoding loses something (-want +got):\n%s", diff)
	}
	for _, part := range []string{`"kind": "Diagnosis"`, `"success": false`, `"outcome": "failed"`, `"reason": "may not read x"`, `"warning": true`} {
		if !strings.Contains(text.String(), part) {
			t.Errorf("%s is not in\n%s", part, text.String())
		}
	}
}
