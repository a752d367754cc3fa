package bench

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progressInterval is how often a run says how far it is, where no bar shows it.
const progressInterval = 10 * time.Second

// Console is where a run says what it does, beside its report. On a terminal it has a progress bar, elsewhere a line now and then.
type Console struct {
	terminal bool

	mu  sync.Mutex
	out io.Writer
	bar *progressbar.ProgressBar
	// doing is what the run is at, said is when a line was last printed.
	doing string
	said  time.Time
	// done of steps failovers are measured.
	done, steps int
}

// NewConsole writes to out, which is usually the standard error: the report has the standard output for itself.
func NewConsole(out io.Writer) *Console {
	file, isFile := out.(*os.File)
	return &Console{out: out, terminal: isFile && term.IsTerminal(int(file.Fd()))}
}

// follow says from now on, until the returned function is called, what the run is at and for how long it has been running.
func (c *Console) follow() (end func()) {
	began, ending, ended := time.Now(), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(progressInterval)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				c.goesOn(time.Since(began))
			case <-ending:
				return
			}
		}
	}()
	return func() {
		close(ending)
		<-ended
	}
}

func (c *Console) goesOn(since time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case time.Since(c.said) < progressInterval/2: // whoever reads that knows that it goes on
	case c.bar == nil:
		c.print("%s, %s", c.doing, since.Round(time.Second))
	case !c.terminal:
		c.print("%d of %d failovers, %s", c.done, c.steps, since.Round(time.Second))
	}
}

// now notes what the run is at.
func (c *Console) now(doing string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.doing = doing
}

// say prints a line, above the bar if there is one.
func (c *Console) say(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.print(format, args...)
}

// print is say under the lock. What cannot be printed is lost: there is nobody to tell.
func (c *Console) print(format string, args ...any) {
	if c.bar != nil {
		_ = c.bar.Clear()
	}
	c.said = time.Now()
	_, _ = fmt.Fprintf(c.out, format+"\n", args...)
}

// begin shows a bar of so many steps.
func (c *Console) begin(steps int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done, c.steps = 0, steps
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
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done++
	c.bar.Describe(fmt.Sprintf("%s, %s", mode, who))
	_ = c.bar.Add(1)
}

// end removes the bar.
func (c *Console) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.bar.Finish()
	c.bar = nil
}
