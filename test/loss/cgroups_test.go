//go:build e2e

package loss

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// freezing freezes the leader's container as its runtime does to pause it.
func freezing(t *testing.T, s *scene) (inject, end step) {
	t.Helper()
	file := cgroupFile(t, s.leader.Name, "freezer", "freezer.state", "cgroup.freeze")
	on, off := "FROZEN", "THAWED"
	if filepath.Base(file) == "cgroup.freeze" {
		on, off = "1", "0"
	}
	return writing(file, on), writing(file, off)
}

// starving gives the containers of pods a twentieth of a CPU.
func starving(chosen func(s *scene) []corev1.Pod) func(*testing.T, *scene) (inject, end step) {
	return func(t *testing.T, s *scene) (inject, end step) {
		var injects, ends []step
		for _, pod := range chosen(s) {
			file := cgroupFile(t, pod.Name, "cpu", "cpu.cfs_quota_us", "cpu.max")
			little, unlimited := "5000", "-1" // of a period of 100 ms
			if filepath.Base(file) == "cpu.max" {
				little, unlimited = "5000 100000", "max 100000"
			}
			injects, ends = append(injects, writing(file, little)), append(ends, writing(file, unlimited))
		}
		return all(injects), all(ends)
	}
}

func theLeader(s *scene) []corev1.Pod { return []corev1.Pod{*s.leader} }

func writing(file, value string) step {
	return func(context.Context) error { return os.WriteFile(file, []byte(value), 0) }
}

// cgroupFile is a file of a container's group: the first name in the hierarchy of a controller, with cgroup v1, else the second.
func cgroupFile(t *testing.T, pod, controller, v1, v2 string) string {
	t.Helper()
	main, _ := containerProcesses(t, pod)
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", main[0]))
	if err != nil {
		t.Fatal(err)
	}
	file, ok := groupFile(string(content), controller, v1, v2)
	if !ok {
		t.Fatalf("the container of %s has no cgroup for %s: %s", pod, controller, content)
	}
	return file
}

// busy runs loops that take all CPU of this machine.
func busy(t *testing.T, _ *scene) (inject, end step) {
	t.Helper()
	var loops []*exec.Cmd
	for range 8 {
		loops = append(loops, exec.Command("sh", "-c", "while :; do :; done"))
	}
	inject = func(context.Context) error {
		for _, loop := range loops {
			if err := loop.Start(); err != nil {
				return err
			}
		}
		return nil
	}
	end = func(context.Context) error {
		for _, loop := range loops {
			if loop.Process != nil {
				_ = loop.Process.Kill()
				_ = loop.Wait()
			}
		}
		return nil
	}
	return inject, end
}
