package components

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// interval is how often a build says that it goes on, where it has no bar.
const interval = 10 * time.Second

// runWithProgress runs "go build -v", which names each package as it compiles it: on a terminal as a bar that counts them, and
// elsewhere as a line every few seconds, also while it downloads or links and names none.
func runWithProgress(cmd *exec.Cmd, title string, progress io.Writer) error {
	said, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	lines := make(chan string)
	go func() {
		defer close(lines)
		for scanner := bufio.NewScanner(said); scanner.Scan(); {
			lines <- scanner.Text()
		}
		_, _ = io.Copy(io.Discard, said) // a line that is too long ends the scanner, and must not hold up the build
	}()
	other := follow(lines, newBuildProgress(title, progress))
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%w\n%s", err, tail(other, 20))
	}
	return nil
}

// follow shows the lines until there are no more. It returns those that name no package: downloads, warnings and errors.
func follow(lines <-chan string, shown buildProgress) string {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	defer shown.end()
	var other strings.Builder
	for {
		select {
		case line, more := <-lines:
			if !more {
				return other.String()
			}
			if !isPackage(line) {
				fmt.Fprintln(&other, line)
			}
			shown.line(line)
		case <-tick.C:
			shown.goesOn()
		}
	}
}

// isPackage reports whether a line is a package's path, and not a download, a warning or an error.
func isPackage(line string) bool { return !strings.ContainsAny(line, " \t") }

// buildProgress shows how a build goes on.
type buildProgress interface {
	line(line string)
	goesOn()
	end()
}

func newBuildProgress(title string, out io.Writer) buildProgress {
	if file, ok := out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		return picture{progressbar.NewOptions(-1, progressbar.OptionSetWriter(file), progressbar.OptionSetDescription(title),
			progressbar.OptionShowCount(), progressbar.OptionSetElapsedTime(true), progressbar.OptionClearOnFinish(), progressbar.OptionSpinnerType(14))}
	}
	return &text{title: title, out: out, began: time.Now(), last: "nothing yet"}
}

// picture is a bar, which moves by itself.
type picture struct{ bar *progressbar.ProgressBar }

func (p picture) line(string) { _ = p.bar.Add(1) }
func (p picture) goesOn()     {}
func (p picture) end()        { _ = p.bar.Finish() }

// text is a line now and then.
type text struct {
	title string
	out   io.Writer
	began time.Time
	// packages is how many have been compiled.
	packages int
	last     string
}

func (t *text) line(line string) {
	t.last = line
	if isPackage(line) {
		t.packages++
	}
}

func (t *text) goesOn() {
	fmt.Fprintf(t.out, "%s: %s, %d packages, last: %s\n", t.title, time.Since(t.began).Round(time.Second), t.packages, t.last)
}

func (t *text) end() {}

func tail(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
