package terminal

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/cli-runtime/pkg/printers"
)

// CanAsk reports whether there is somebody to ask: input and error output are terminals. The error output has the question, because the
// output may be read by a program.
func CanAsk(streams genericiooptions.IOStreams) bool {
	return printers.IsTerminal(streams.In) && printers.IsTerminal(streams.ErrOut)
}

// Ask asks a question and returns whether the answer is yes. Anything else is no, and so is the end of the input. It returns an error if the
// context ends first, as after Ctrl-C.
func Ask(ctx context.Context, streams genericiooptions.IOStreams, question string) (bool, error) {
	fmt.Fprintf(streams.ErrOut, "%s [y/N] ", question)
	answers := make(chan string, 1)
	go func() { // a read from a terminal cannot be interrupted: it ends with the program
		line, _ := bufio.NewReader(streams.In).ReadString('\n') // without an answer the line is empty
		answers <- line
	}()
	select {
	case <-ctx.Done():
		return false, fmt.Errorf("interrupted: %w", context.Cause(ctx))
	case answer := <-answers:
		switch strings.ToLower(strings.TrimSpace(answer)) {
		case "y", "yes":
			return true, nil
		}
		return false, nil
	}
}
