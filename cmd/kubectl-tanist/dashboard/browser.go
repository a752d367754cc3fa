package dashboard

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
)

// open opens an address in the user's browser. Where it cannot, the user has the address.
func open(url string, out io.Writer) {
	name, args := browser(runtime.GOOS, os.Getenv, url)
	if name == "" {
		return
	}
	command := exec.Command(name, args...)
	if err := command.Start(); err != nil {
		fmt.Fprintf(out, "Note: no browser was opened: %v\n", err)
		return
	}
	go func() { _ = command.Wait() }() // what it opened lives on
}

// browser returns the command that opens an address; empty on a machine without a screen, where a browser would take the terminal.
func browser(system string, getenv func(string) string, url string) (name string, args []string) {
	switch system {
	case "darwin":
		return "open", []string{url}
	case "windows":
		return "rundll32", []string{"url.dll,FileProtocolHandler", url}
	}
	if getenv("DISPLAY") == "" && getenv("WAYLAND_DISPLAY") == "" {
		return "", nil
	}
	return "xdg-open", []string{url}
}
