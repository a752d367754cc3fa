//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/tanist-dev/tanist/test/env"
)

// certManager is the process in which tanist-cluster runs cert-manager's controllers and CA injector on this machine.
type certManager struct {
	t   *testing.T
	pid int
	// args, environ and log are what the process was started with.
	args, environ []string
	log           string
}

// findCertManager finds the process of the cluster that KUBECONFIG names.
func findCertManager(t *testing.T) *certManager {
	t.Helper()
	mark := "TANIST_CLUSTER=" + filepath.Dir(os.Getenv("KUBECONFIG"))
	links, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		program, err := os.Readlink(link)
		if err != nil || filepath.Base(program) != "cert-manager" {
			continue // gone, or another program
		}
		folder := filepath.Dir(link)
		environ, err1 := os.ReadFile(filepath.Join(folder, "environ"))
		args, err2 := os.ReadFile(filepath.Join(folder, "cmdline"))
		log, err3 := os.Readlink(filepath.Join(folder, "fd", "2"))
		if err1 != nil || err2 != nil || err3 != nil || !bytes.Contains(environ, []byte(mark)) {
			continue
		}
		c := &certManager{t: t, args: split(args), environ: split(environ), log: log}
		c.args[0] = program
		if _, err := fmt.Sscanf(folder, "/proc/%d", &c.pid); err != nil {
			t.Fatal(err)
		}
		return c
	}
	t.Fatalf("no cert-manager of the cluster with %s on this machine", mark)
	return nil
}

// split splits a process's arguments or environment as the kernel keeps them.
func split(list []byte) []string {
	return strings.Split(strings.TrimSuffix(string(list), "\x00"), "\x00")
}

// pause stops the process until resume is called.
func (c *certManager) pause() (resume func()) {
	c.t.Helper()
	if err := syscall.Kill(c.pid, syscall.SIGSTOP); err != nil {
		c.t.Fatal(err)
	}
	return env.Restoring(c.t, "cert-manager", func(context.Context) error { return syscall.Kill(c.pid, syscall.SIGCONT) })
}

// kill ends the process. restart starts it again.
func (c *certManager) kill() (restart func()) {
	c.t.Helper()
	if err := syscall.Kill(c.pid, syscall.SIGKILL); err != nil {
		c.t.Fatal(err)
	}
	return env.Restoring(c.t, "cert-manager", c.start)
}

// start waits until the old process is gone, and starts one as tanist-cluster did.
func (c *certManager) start(ctx context.Context) error {
	err := wait.PollUntilContextCancel(ctx, 20*time.Millisecond, true, func(context.Context) (bool, error) {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.pid))
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			return true, nil
		}
		return bytes.Contains(stat, []byte(") Z ")), err
	})
	if err != nil {
		return fmt.Errorf("failed to wait for the end of cert-manager: %w", err)
	}
	log, err := os.OpenFile(c.log, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(c.args[0], c.args[1:]...)
	cmd.Env, cmd.Stdout, cmd.Stderr = c.environ, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // it outlives the test and ends with the cluster
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }() // reaped, should it end before the test
	return nil
}
