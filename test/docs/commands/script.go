package commands

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// mark stands before the line of a command in the output of a script, and before ended when the script has reached its end.
const (
	mark  = "\x1e"
	ended = "end"
)

// functions are what scripts call. first_line runs a command until it has printed a line.
const functions = `set -e
first_line() {
  local line watch
  exec {watch}< <(exec "$@" 2>&1)
  local pid=$!
  read -r -t 60 line <&$watch || { kill $pid; echo "no output within a minute"; return 1; }
  kill $pid
  exec {watch}<&-
  echo "$line"
}
`

// Script returns a script for bash that runs those commands of a block that run; empty if none does.
func (t Table) Script(block Block) string {
	page := t.Pages[block.Page]
	script, runs := functions+quietly(page.Set), false
	for _, command := range block.Commands {
		entry := t.Decide(block.Page, command)
		if entry == nil || !entry.Runs() {
			continue
		}
		runs = true
		// Of two texts at the same place, the first one counts: the entry's before the page's.
		text := strings.NewReplacer(slices.Concat(entry.Replace, page.Replace)...).Replace(command.Text)
		switch {
		case entry.Watch:
			text = "first_line " + text
		case entry.Fails:
			text = "if\n" + text + "\nthen echo 'This must fail.'; exit 1; fi"
		case entry.MayFail:
			text = "if\n" + text + "\nthen :; fi"
		}
		script += fmt.Sprintf("%secho $'\\x1e'%d\n%s\n%s", quietly(entry.Before), command.Line, text, quietly(entry.After))
	}
	if !runs {
		return ""
	}
	return script + "echo $'\\x1e'" + ended + "\n"
}

// quietly returns a script that prints only errors.
func quietly(script string) string {
	if script == "" {
		return ""
	}
	return "{\n" + strings.TrimRight(script, "\n") + "\n} >/dev/null\n"
}

// Judge returns what is wrong with what a block's script has printed, standard error included, and with the error with which it ended, if any.
// Each problem names page, line, command and output.
func (t Table) Judge(block Block, output string, failed error) (problems []string) {
	preamble, after, _ := strings.Cut(output, mark)
	printed, last := map[int]string{}, 0
	reached := false
	for part := range strings.SplitSeq(after, mark) {
		line, text, _ := strings.Cut(part, "\n")
		if line == ended {
			reached = true
			continue
		}
		if number, err := strconv.Atoi(line); err == nil {
			last, printed[number] = number, text
		}
	}
	if failed == nil && !reached {
		failed = errors.New("it ends the shell")
	}
	if failed != nil && last == 0 {
		return []string{fmt.Sprintf("%s:%d: what the block needs cannot be made: %v\n%s", block.Page, block.Commands[0].Line, failed, preamble)}
	}
	for _, command := range block.Commands {
		text, ran := printed[command.Line]
		if !ran {
			continue
		}
		wrong := t.Decide(block.Page, command).differs(command, text)
		if failed != nil && command.Line == last {
			wrong = failed.Error()
		}
		if wrong != "" {
			problems = append(problems, fmt.Sprintf("%s:%d: %s\n%s\noutput:\n%s", block.Page, command.Line, wrong, command.Text, text))
		}
	}
	return problems
}

var comment = regexp.MustCompile(`\s# (.*)$`)

// differs returns how what a command has printed differs from what it should.
func (e Entry) differs(command Command, output string) string {
	output = strings.TrimSpace(output)
	if e.AsSaid {
		said := comment.FindStringSubmatch(command.Text)
		if said == nil || output != said[1] {
			return "the output is not what the comment says"
		}
	}
	if e.Watch && output == "" {
		return "there is no output"
	}
	if e.Prints != "" && !regexp.MustCompile(e.Prints).MatchString(output) {
		return fmt.Sprintf("the output does not match %q", e.Prints)
	}
	return ""
}
