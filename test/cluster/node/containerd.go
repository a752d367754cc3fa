package node

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"text/template"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// PauseImage is the image of a pod's sandbox.
const PauseImage = "docker.io/tanist/pause:1"

var (
	//go:embed containerd.toml.tmpl
	containerdTOML string
	//go:embed cni.conflist.tmpl
	cniConflist string
)

// startContainerd writes containerd's configuration, starts it and returns when it answers.
func (n Node) startContainerd(ctx context.Context) error {
	values := map[string]string{
		"Root": n.path("containerd"), "State": filepath.Join(n.run(), "containerd"), "Socket": n.socket(), "CNI": n.path("cni"),
		"IPAM": filepath.Join(n.run(), "ipam"), "PodNet": n.podNet(), "Pause": PauseImage,
	}
	if err := errors.Join(
		render(n.path("containerd.toml"), containerdTOML, values),
		// Each pod has a link of its own to the node. On a bridge, an answer from a pod of the same node would bypass the node and so
		// the translation of the ClusterIP, unless the kernel has br_netfilter.
		render(n.path("cni/10-ptp.conflist"), cniConflist, values),
		os.MkdirAll(n.run(), 0o755),
		n.start("containerd", "--config", n.path("containerd.toml"), "--log-level", "warn"),
	); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	err := wait.PollUntilContextCancel(ctx, 50*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		return n.ctr(ctx, nil, "version") == nil, nil
	})
	if err != nil {
		return fmt.Errorf("containerd of %s does not answer: %w (see %s)", n.Name(), err, n.path("containerd.log"))
	}
	return nil
}

// LoadImage imports an image's tar file.
func (n Node) LoadImage(ctx context.Context, tar string) error {
	file, err := os.Open(tar)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := n.ctr(ctx, file, "--namespace", "k8s.io", "images", "import", "--digests=false", "-"); err != nil {
		return fmt.Errorf("failed to load %s on %s: %w", filepath.Base(tar), n.Name(), err)
	}
	return nil
}

func (n Node) ctr(ctx context.Context, stdin *os.File, args ...string) error {
	cmd := exec.CommandContext(ctx, "ctr", append([]string{"--address", n.socket()}, args...)...)
	if stdin != nil {
		cmd.Stdin = stdin
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("ctr %s: %w: %s", args[0], err, bytes.TrimSpace(out))
	}
	return nil
}

func render(path, text string, values any) error {
	t, err := template.New(filepath.Base(path)).Option("missingkey=error").Parse(text)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, values); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, out.Bytes(), 0o644)
}
