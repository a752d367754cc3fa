package commands

import (
	"fmt"
	"os/exec"
	"regexp"
	"strings"
)

// Command is what a reader types at once: usually a line, but also a loop or a line that is continued.
type Command struct {
	// Line is where it begins on its page, from 1 on.
	Line int
	// Text is the command with its comments, without the indentation of a list and without a prompt.
	Text string
}

// Block is a code block with commands. Its commands share a shell, as they do when a reader copies the block.
type Block struct {
	Page     string
	Commands []Command
}

var fence = regexp.MustCompile("^( *)```([a-z]*)$")

// Extract returns the blocks of commands on a page, from the first to the last: those of sh, and in those of console what follows the prompt.
// It fails where bash cannot read a command.
func Extract(page, text string) (blocks []Block, err error) {
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		opening := fence.FindStringSubmatch(lines[i])
		if opening == nil {
			continue
		}
		indentation, language, first := opening[1], opening[2], i+1
		var inside []string
		for i++; i < len(lines) && lines[i] != indentation+"```"; i++ {
			inside = append(inside, strings.TrimPrefix(lines[i], indentation))
		}
		if language != "sh" && language != "console" {
			continue
		}
		block := Block{Page: page}
		for _, command := range split(inside, language == "console") {
			command.Line += first
			if !complete(command.Text) {
				return nil, fmt.Errorf("%s:%d: the command does not end in its block: %s", page, command.Line, command.Text)
			}
			block.Commands = append(block.Commands, command)
		}
		if len(block.Commands) > 0 {
			blocks = append(blocks, block)
		}
	}
	return blocks, nil
}

// split returns the commands of a block, of which the last may lack its end. With a prompt, other lines are what commands print.
func split(lines []string, prompt bool) (all []Command) {
	pending := false // whether the last command goes on
	for i, line := range lines {
		if pending {
			last := &all[len(all)-1]
			last.Text += "\n" + line
			pending = !complete(last.Text)
			continue
		}
		line, prompted := strings.CutPrefix(line, "$ ")
		if prompted != prompt || line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		all = append(all, Command{Line: i + 1, Text: line})
		pending = !complete(line)
	}
	return all
}

// complete reports whether bash would run a text, and not wait for more: for the end of a loop, of a quotation or of a here document.
func complete(text string) bool {
	if strings.HasSuffix(text, "\\") {
		return false
	}
	complaints, err := exec.Command("bash", "-n", "-c", text).CombinedOutput()
	return err == nil && len(complaints) == 0 // a here document without an end is a warning
}
