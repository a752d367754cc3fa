package cluster

import (
	"fmt"
	"os/exec"
	"path/filepath"

	"github.com/tanist-dev/tanist/test/cluster/process"
)

// Run starts a program on the host that is one of the cluster's processes from then on.
func (c *Cluster) Run(program string, args ...string) error {
	path, err := exec.LookPath(program)
	if err != nil {
		return fmt.Errorf("there is no program %s: %w", program, err)
	}
	if path, err = filepath.Abs(path); err != nil {
		return err
	}
	return process.Start(process.Spec{
		Owner: process.Owner{Cluster: c.Dir}, Path: path, Args: args, Env: []string{"KUBECONFIG=" + c.Kubeconfig()},
		Log: filepath.Join(c.Dir, "logs", filepath.Base(path)+".log"),
	})
}
