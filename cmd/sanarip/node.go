package main

import (
	"context"
	"fmt"
	"io"

	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/system/card"
)

// printNodeKey is the command node-key.
func printNodeKey(_ context.Context, args []string, out io.Writer) error {
	env, rest, err := cardEnv("node-key", args)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return fmt.Errorf("node-key needs the name of a node: %w", errUsage)
	}
	key, err := card.NodeKey(env, rest[0])
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, key)
	return err
}

// printNodeCode is the command node-code.
func printNodeCode(ctx context.Context, args []string, out io.Writer) error {
	env, rest, err := cardEnv("node-code", args)
	if err != nil {
		return err
	}
	if len(rest) != 2 {
		return fmt.Errorf("node-code needs the name of a node and what it shows: %w", errUsage)
	}
	code, err := card.NodeCode(ctx, env, rest[0], rest[1])
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, code)
	return err
}

// cardEnv is what the card of this installation would be given.
func cardEnv(name string, args []string) (host.Env, []string, error) {
	v, rest, err := load(name, args)
	if err != nil {
		return host.Env{}, nil, err
	}
	log, err := logger(v)
	if err != nil {
		return host.Env{}, nil, err
	}
	h, err := newHouse(v, portOf(v.Text("addr")), log)
	if err != nil {
		return host.Env{}, nil, err
	}
	env, err := h.env("card")
	return env, rest, err
}
