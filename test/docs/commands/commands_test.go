package commands

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const page = "# A page\n\n```sh\n# how\none --flag    # said\nfor i in 1 2; do\n\n  two $i\ndone\n```\n\n" +
	"1. A step:\n\n   ```sh\n   three \\\n       four <<'END'\n   text\n   END\n   ```\n\n" +
	"```console\n$ five\nprinted\n$ six | seven\n```\n\n```yaml\nkind: None\n```\n"

func TestExtract(t *testing.T) {
	got, err := Extract("page.md", page)
	if err != nil {
		t.Fatal(err)
	}
	want := []Block{
		{Page: "page.md", Commands: []Command{{Line: 5, Text: "one --flag    # said"}, {Line: 6, Text: "for i in 1 2; do\n\n  two $i\ndone"}}},
		{Page: "page.md", Commands: []Command{{Line: 15, Text: "three \\\n    four <<'END'\ntext\nEND"}}},
		{Page: "page.md", Commands: []Command{{Line: 22, Text: "five"}, {Line: 24, Text: "six | seven"}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unexpected commands (-want +got):\n%s", diff)
	}
	if _, err := Extract("page.md", "```sh\nfor i in 1 2; do\n```\n"); err == nil || !strings.HasPrefix(err.Error(), "page.md:2: the command does not end in its block") {
		t.Errorf("got %v", err)
	}
}

func TestProblems(t *testing.T) {
	known := map[string]Page{"page.md": {Entries: []Entry{{Begins: "one"}, {Begins: "for", Not: "no"}, {Begins: "three", Test: "TestX"}, {Begins: "six"}}}}
	cases := map[string]struct {
		table Table
		want  []string
	}{
		"everything is decided": {table: Table{Pages: known, Rules: []Entry{{Begins: "five"}}}},
		"a command and an entry are left over": {
			table: Table{Pages: known, Rules: []Entry{{Begins: "eight"}}},
			want: []string{
				`every page: no command begins with "eight", or a longer entry has it`,
				"page.md:22: no entry says how this is tried, or why not: five",
			},
		},
		"a page is not in the table": {
			table: Table{Rules: []Entry{{Begins: ""}}},
			want:  []string{"page.md has commands, and is not in the table"},
		},
		"a test does not exist, an entry says too much, and replacements have no place": {
			table: Table{Pages: map[string]Page{"page.md": {Replace: []string{"three", "3", "one", "1"}, Entries: []Entry{
				{Begins: "three", Test: "TestY"}, {Begins: "one", Replace: []string{"two", "2"}}, {Begins: "for", Not: "no", Prints: "1"}}}},
				Rules: []Entry{{Begins: ""}}},
			want: []string{
				`page.md: "for" does not run, and yet the entry says how`,
				`page.md: "three" is run by TestY, which does not exist`,
				`page.md: no command that begins with "one" has "two"`,
				`page.md: no command that runs has "three"`,
			},
		},
	}
	blocks, err := Extract("page.md", page)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			got := test.table.Problems(blocks, func(test string) bool { return test == "TestX" })
			want := test.want
			if name == "a page is not in the table" { // it is said for each block
				want = append(append(want, want...), want...)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("unexpected problems (-want +got):\n%s", diff)
			}
		})
	}
}

// TestScript runs scripts, and judges what they print.
func TestScript(t *testing.T) {
	cases := map[string]struct {
		page  Page
		block string
		want  []string
	}{
		"variables live as long as the block": {
			page:  Page{Set: "echo not seen; a=1", Entries: []Entry{{Begins: "b=", Before: "echo not seen; c=3"}, {Begins: "echo", Prints: "^1 2 3$"}}},
			block: "b=2\necho $a $b $c",
		},
		"placeholders": {
			page: Page{Replace: []string{"POD", "$pod", "NODE", "node-7"}, Set: "pod=web", Entries: []Entry{
				{Begins: "echo POD NODE", Replace: []string{"NODE", "node-8"}, Prints: "^web node-8$"}, {Begins: "echo NODE", Prints: "^node-7$"}}},
			block: "echo POD NODE\necho NODE",
		},
		"what a comment says": {
			page:  Page{Entries: []Entry{{Begins: "echo", AsSaid: true}}},
			block: "echo well   # well\necho ill   # well",
			want:  []string{"page.md:3: the output is not what the comment says\necho ill   # well\noutput:\nill\n"},
		},
		"a command that fails": {
			page:  Page{Entries: []Entry{{Begins: ""}}},
			block: "echo one\necho two; echo three >&2; false\necho four",
			want:  []string{"page.md:3: exit status 1\necho two; echo three >&2; false\noutput:\ntwo\nthree\n"},
		},
		"commands that fail as they should, or may": {
			page:  Page{Entries: []Entry{{Begins: "false", Fails: true}, {Begins: "grep", MayFail: true}, {Begins: "echo end"}}},
			block: "false # it does\ngrep nothing /dev/null # it may\necho end",
		},
		"a command that should fail, and does not": {
			page:  Page{Entries: []Entry{{Begins: "true", Fails: true}}},
			block: "true",
			want:  []string{"page.md:2: exit status 1\ntrue\noutput:\nThis must fail.\n"},
		},
		"a watch ends when it has printed a line": {
			page:  Page{Entries: []Entry{{Begins: "tail", Watch: true, Prints: "^root:"}, {Begins: "echo"}}},
			block: "tail -n +1 -f /etc/passwd   # until\necho $?",
		},
		"a command that ends the shell": {
			page:  Page{Entries: []Entry{{Begins: ""}}},
			block: "exit 0\necho one",
			want:  []string{"page.md:2: it ends the shell\nexit 0\noutput:\n"},
		},
		"what the block needs is not there": {
			page:  Page{Set: "echo none >&2; false", Entries: []Entry{{Begins: ""}}},
			block: "echo one",
			want:  []string{"page.md:2: what the block needs cannot be made: exit status 1\nnone\n"},
		},
		"nothing runs": {page: Page{Set: "false", Entries: []Entry{{Begins: "", Not: "no"}}}, block: "false"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			table := Table{Pages: map[string]Page{"page.md": test.page}}
			blocks, err := Extract("page.md", "```sh\n"+test.block+"\n```\n")
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			if script := table.Script(blocks[0]); script != "" {
				output, err := exec.CommandContext(t.Context(), "bash", "-c", script).CombinedOutput()
				got = table.Judge(blocks[0], string(output), err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("unexpected problems (-want +got):\n%s", diff)
			}
		})
	}
}
