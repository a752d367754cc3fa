package bench

import (
	"fmt"
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Console is where a run says what it does, beside its report. On a terminal it has a progress bar.
type Console struct {
	out      io.Writer
	terminal bool
	bar      *progressbar.ProgressBar
}

// NewConsole writes to out, which is usually the standard error: the report has the standard output for itself.
func NewConsole(out io.Writer) *Console {
	file, isFile := out.(*os.File)
	return &Console{out: out, terminal: isFile && term.IsTerminal(int(file.Fd()))}
}

// say prints a line, above the bar if there is one. What cannot be printed is lost: there is nobody to tell.
func (c *Console) say(format string, args ...any) {
	if c.bar != nil {
		_ = c.bar.Clear()
	}
	_, _ = fmt.Fprintf(c.out, format+"\n", args...)
}

// begin shows a bar of so many steps.
func (c *Console) begin(steps int) {
	c.bar = progressbar.NewOptions(steps,
		progressbar.OptionSetWriter(c.out), progressbar.OptionSetVisibility(c.terminal),
		progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true), progressbar.OptionSetWidth(30),
		progressbar.OptionClearOnFinish(),
	)
}

// about says what begins, where no bar does.
func (c *Console) about(mode Mode, failovers int) {
	if !c.terminal {
		c.say("Measuring %d failovers of mode %s", failovers, mode)
	}
}

// step moves the bar on.
func (c *Console) step(mode Mode, who Who) {
	c.bar.Describe(fmt.Sprintf("%s, %s", mode, who))
	_ = c.bar.Add(1)
}

// end removes the bar.
func (c *Console) end() {
	_ = c.bar.Finish()
	c.bar = nil
}
