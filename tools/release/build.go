package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// The programs: the controller, which runs in a cluster, and the plugin, which runs in both.
const (
	controller = "tanist"
	plugin     = "kubectl-tanist"
)

// platform is an operating system and an architecture, as Go names them.
type platform struct{ os, arch string }

var (
	// imagePlatforms are those of nodes.
	imagePlatforms = []platform{{"linux", "amd64"}, {"linux", "arm64"}}
	// pluginPlatforms are those of users' own machines.
	pluginPlatforms = []platform{
		{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "amd64"}, {"darwin", "arm64"}, {"windows", "amd64"}, {"windows", "arm64"},
	}
)

// binary is a program that was built.
type binary struct {
	program string
	platform
	path string
}

// wanted are the programs that a release has.
func wanted() (all []binary) {
	for _, p := range imagePlatforms {
		all = append(all, binary{program: controller, platform: p})
	}
	for _, p := range pluginPlatforms {
		all = append(all, binary{program: plugin, platform: p})
	}
	return all
}

func (r release) build(ctx context.Context, folder string) ([]binary, error) {
	binaries := wanted()
	for i := range binaries {
		b := &binaries[i]
		b.path = filepath.Join(folder, b.program+"_"+b.os+"_"+b.arch)
		fmt.Fprintf(os.Stderr, "Building %s for %s/%s\n", b.program, b.os, b.arch)
		// -trimpath leaves out this machine's folders. Without -buildvcs=false the program would get another version when the tag is set.
		// The Makefile says what grpcnotrace is for.
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-tags", "grpcnotrace", "-ldflags", "-s -w -X main.version="+r.version,
			"-o", b.path, "./cmd/"+b.program)
		cmd.Env = append(os.Environ(), "GOOS="+b.os, "GOARCH="+b.arch, "GOAMD64=v1", "GOARM64=v8.0", "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
		if _, err := output(cmd); err != nil {
			return nil, err
		}
	}
	return binaries, nil
}

// of returns the binaries of a program for some platforms.
func of(binaries []binary, program string, platforms []platform) []binary {
	return slices.DeleteFunc(slices.Clone(binaries), func(b binary) bool {
		return b.program != program || !slices.Contains(platforms, b.platform)
	})
}
