package bench

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/tanist-dev/tanist/bench/report"
)

// progressInterval is how often a run prints its progress where no bar shows it.
const progressInterval = 10 * time.Second

// Console shows the progress of a run: on a terminal with a progress bar, elsewhere with a line now and then.
type Console struct {
	terminal bool

	mu  sync.Mutex
	out io.Writer
	bar *progressbar.ProgressBar
	// phase is what the run does at present.
	phase string
	// printed is when a line was last printed.
	printed time.Time
	// done of steps failovers are measured.
	done, steps int
}

// NewConsole writes to out, usually the standard error, so that the standard output has the report alone.
func NewConsole(out io.Writer) *Console {
	file, isFile := out.(*os.File)
	return &Console{out: out, terminal: isFile && term.IsTerminal(int(file.Fd()))}
}

// start prints the progress regularly until stop is called.
func (c *Console) start() (stop func()) {
	began, stopping, stopped := time.Now(), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(progressInterval)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				c.printProgress(time.Since(began))
			case <-stopping:
				return
			}
		}
	}()
	return func() {
		close(stopping)
		<-stopped
	}
}

// printProgress prints a line, unless another one was printed just before.
func (c *Console) printProgress(elapsed time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case time.Since(c.printed) < progressInterval/2:
	case c.bar == nil:
		c.printLocked("%s, %s", c.phase, elapsed.Round(time.Second))
	case !c.terminal:
		c.printLocked("%d of %d failovers, %s", c.done, c.steps, elapsed.Round(time.Second))
	}
}

func (c *Console) setPhase(phase string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.phase = phase
}

// printf prints a line, above the bar if there is one.
func (c *Console) printf(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.printLocked(format, args...)
}

// printLocked is printf with the lock held. It ignores write errors: there is nowhere to report them.
func (c *Console) printLocked(format string, args ...any) {
	if c.bar != nil {
		_ = c.bar.Clear()
	}
	c.printed = time.Now()
	_, _ = fmt.Fprintf(c.out, format+"\n", args...)
}

// startBar shows a bar of so many steps.
func (c *Console) startBar(steps int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done, c.steps = 0, steps
	c.bar = progressbar.NewOptions(steps,
		progressbar.OptionSetWriter(c.out), progressbar.OptionSetVisibility(c.terminal),
		progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true), progressbar.OptionSetWidth(30),
		progressbar.OptionClearOnFinish(),
	)
}

// announce prints the next mode where no bar shows it.
func (c *Console) announce(mode report.Mode, failovers int) {
	if !c.terminal {
		c.printf("Measuring %d failovers of mode %s", failovers, mode)
	}
}

// step moves the bar on.
func (c *Console) step(mode report.Mode, who report.Who) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done++
	c.bar.Describe(fmt.Sprintf("%s, %s", mode, who))
	_ = c.bar.Add(1)
}

// stopBar removes the bar.
func (c *Console) stopBar() {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.bar.Finish()
	c.bar = nil
}
