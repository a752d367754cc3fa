package controlplane

import (
	"fmt"
	"os"
	"path/filepath"

	"sigs.k8s.io/kwok/pkg/apis/v1alpha1"
	"sigs.k8s.io/yaml"
)

// stageFiles are KWOK's own stages of a node and of a pod, the pod's with its intermediate steps.
var stageFiles = []string{"node/fast/node-*.yaml", "node/heartbeat-with-lease/node-*.yaml", "pod/general/pod-*.yaml"}

// stepMilliseconds is how long each step of a pod's start takes. KWOK's own delays are random and last seconds.
const stepMilliseconds = 200

// stages reads KWOK's stage definitions from the components' folder and sets the pods' delays.
func stages(components string) ([][]byte, error) {
	var out [][]byte
	for _, pattern := range stageFiles {
		files, err := filepath.Glob(filepath.Join(components, "stages", pattern))
		if err != nil || len(files) == 0 {
			return nil, fmt.Errorf("failed to find KWOK's stages %s: %w", pattern, err)
		}
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			stage, err := retime(raw)
			if err != nil {
				return nil, fmt.Errorf("failed to read the stage %s: %w", filepath.Base(file), err)
			}
			out = append(out, stage)
		}
	}
	return out, nil
}

// retime gives a pod's stages fixed delays. A deleted pod goes when its grace period is over, which is the latest time with a kubelet.
func retime(raw []byte) ([]byte, error) {
	var stage v1alpha1.Stage
	if err := yaml.UnmarshalStrict(raw, &stage); err != nil {
		return nil, err
	}
	if stage.Spec.ResourceRef.Kind != "Pod" {
		return raw, nil
	}
	if stage.Spec.Next.Delete { //nolint:staticcheck // deprecated, and what KWOK's own stages are written in
		stage.Spec.Delay = &v1alpha1.StageDelay{DurationFrom: &v1alpha1.ExpressionFrom{JQ: &v1alpha1.ExpressionJQ{Expression: ".metadata.deletionTimestamp"}}}
	} else if stage.Spec.Delay != nil {
		step := int64(stepMilliseconds)
		stage.Spec.Delay.DurationMilliseconds = &step
		stage.Spec.Delay.JitterDurationMilliseconds = nil
		stage.Spec.Delay.JitterDurationFrom = nil
	}
	return yaml.Marshal(stage)
}
