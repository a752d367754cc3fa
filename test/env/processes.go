package env

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// PIDsOfPod returns the processes of the containers in a pod: a container's host name is its pod's.
func PIDsOfPod(pod string) ([]int, error) {
	pids, err := withEnvironment("HOSTNAME=" + pod)
	if err == nil && len(pids) == 0 {
		err = fmt.Errorf("no process of pod %s on this machine", pod)
	}
	return pids, err
}

// PIDsOfComponent returns the processes of a component, such as kubelet, of the cluster that KUBECONFIG names. The node is empty for those of the
// control plane.
func PIDsOfComponent(name, node string) ([]int, error) {
	all, err := withEnvironment("TANIST_CLUSTER="+ClusterFolder(), "TANIST_CLUSTER_NODE="+node)
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, pid := range all {
		if program(pid) == name {
			pids = append(pids, pid)
		}
	}
	if len(pids) == 0 {
		return nil, fmt.Errorf("no process of %s %s on this machine", name, node)
	}
	return pids, nil
}

// ClusterFolder is where tanist-cluster keeps the cluster that KUBECONFIG names. Its last part is the cluster's name.
func ClusterFolder() string { return filepath.Dir(os.Getenv("KUBECONFIG")) }

// program returns the file name of a process's program, empty if the process is gone.
func program(pid int) string {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return ""
	}
	path, _, _ := strings.Cut(string(line), "\x00")
	return filepath.Base(path)
}

// withEnvironment returns the processes that have all these variables.
func withEnvironment(variables ...string) ([]int, error) {
	environs, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, path := range environs {
		environ, err := os.ReadFile(path)
		if err != nil || !contains(environ, variables) {
			continue // gone, or another user's
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

func contains(environ []byte, variables []string) bool {
	environ = append([]byte{0}, environ...)
	for _, variable := range variables {
		if !bytes.Contains(environ, []byte("\x00"+variable+"\x00")) {
			return false
		}
	}
	return true
}

// Kill ends processes with SIGKILL.
func Kill(pids []int) error { return Signal(pids, syscall.SIGKILL) }

// Signal sends a signal to processes. It is no error if one of them is gone.
func Signal(pids []int, signal syscall.Signal) error {
	for _, pid := range pids {
		if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("failed to send %v to process %d: %w", signal, pid, err)
		}
	}
	return nil
}
