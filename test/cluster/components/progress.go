package components

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// runWithProgress runs "go build -v", which names each package as it compiles it: on a terminal as a bar that counts them, and
// elsewhere as a line every half minute, so that a log shows that it lives and stays short.
func runWithProgress(cmd *exec.Cmd, title string, progress io.Writer) error {
	var tell func(pkg string)
	if file, ok := progress.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		bar := progressbar.NewOptions(-1, progressbar.OptionSetWriter(file), progressbar.OptionSetDescription(title),
			progressbar.OptionShowCount(), progressbar.OptionSetElapsedTime(true), progressbar.OptionClearOnFinish(), progressbar.OptionSpinnerType(14))
		defer bar.Finish() //nolint:errcheck // only a picture
		tell = func(string) { _ = bar.Add(1) }
	} else {
		last, count := time.Now(), 0
		tell = func(pkg string) {
			count++
			if time.Since(last) > 30*time.Second {
				last = time.Now()
				fmt.Fprintf(progress, "%s: %d packages, at %s\n", title, count, pkg)
			}
		}
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	var said bytes.Buffer
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		line := lines.Text()
		if strings.ContainsAny(line, " \t") { // not a package's path: a download, a warning or an error
			fmt.Fprintln(&said, line)
			continue
		}
		tell(line)
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%w\n%s", err, tail(said.String(), 20))
	}
	return nil
}

func tail(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
