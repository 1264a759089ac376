// @vitest-environment happy-dom
import { act, createEvent, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { card, openBoard, sayBatch, server } from "./open_page.tsx";
import { workspace } from "./workspace.ts";

const control = (id: string) => card(id).getByRole("button", { name: id });
const item = (id: string) => within(screen.getByRole("navigation", { name: "Workspaces" })).getByRole("button", { name: new RegExp(id) });
const done = { kanbanColumn: "DONE", statusReason: { code: "MERGED", label: "Merged", tone: "success", needsUser: false } };

async function openDetails(id: string) {
  const opener = control(id);
  act(() => opener.focus());
  fireEvent.click(opener);
  return within(await screen.findByRole("dialog"));
}
const escape = () => fireEvent.keyDown(document.activeElement ?? document.body, { key: "Escape" });

test("the focus returns to the workspace whose details are closed", async () => {
  await openBoard(workspace("a"), workspace("b"));
  await openDetails("b");
  expect(document.activeElement?.getAttribute("role")).toBe("dialog");
  escape();
  await waitFor(() => expect(document.activeElement).toBe(control("b")));
});

test("after the details of a removed workspace the focus is in the main region", async () => {
  await openBoard(workspace("a"), workspace("b"));
  await openDetails("b");
  sayBatch(1, 2, [{ op: "del", id: "b", revision: 2 }]);
  escape();
  await waitFor(() => expect(document.activeElement?.id).toBe("main"));
});

test("the focus stays on a card, and on an item of the sidebar, that moves", async () => {
  await openBoard(workspace("a"), workspace("b"));
  act(() => control("b").focus());
  sayBatch(1, 2, [{ op: "patch", id: "b", revision: 2, set: done }]);
  await waitFor(() => expect(control("b").closest("[data-column]")?.getAttribute("data-column")).toBe("DONE"));
  expect(document.activeElement).toBe(control("b"));

  act(() => item("a").focus());
  sayBatch(2, 3, [{ op: "patch", id: "a", revision: 3, set: done }]);
  await waitFor(() => expect(item("a").closest("[data-group]")?.getAttribute("data-group")).toBe("done"));
  expect(document.activeElement).toBe(item("a"));

  sayBatch(3, 4, [{ op: "del", id: "a", revision: 4 }]);
  await waitFor(() => expect(document.activeElement?.id).toBe("main"));
});

test.each(["Rename", "Archive", "Remove"])("%s called off returns the focus to its button", async (name) => {
  await openBoard(workspace("a"));
  const panel = await openDetails("a");
  fireEvent.click(panel.getByRole("button", { name }));
  expect(panel.getByRole("button", { name: "Cancel" })).toBeTruthy();
  fireEvent.click(panel.getByRole("button", { name: "Cancel" }));
  expect(document.activeElement).toBe(panel.getByRole("button", { name }));

  fireEvent.click(panel.getByRole("button", { name }));
  escape();
  expect(document.activeElement).toBe(panel.getByRole("button", { name }));
  expect(screen.getByRole("dialog")).toBeTruthy();
});

test.each(["Archive", "Remove"])("%s is not answered by the key or the click that asked", async (name) => {
  await openBoard(workspace("a"));
  const panel = await openDetails("a");
  fireEvent.click(panel.getByRole("button", { name }));
  const cancel = panel.getByRole("button", { name: "Cancel" });
  expect(document.activeElement).toBe(cancel);
  const held = createEvent.keyDown(cancel, { key: "Enter", repeat: true });
  fireEvent(cancel, held);
  expect(held.defaultPrevented).toBe(true);
  const asked = server.asked;
  fireEvent.click(panel.getByRole("button", { name }), { detail: 2 });
  expect(server.asked).toBe(asked);
  fireEvent.click(panel.getByRole("button", { name }), { detail: 1 });
  await waitFor(() => expect(server.asked).toBe(asked + 1));
});

test("details are one step of history, and closing them is the step back", async () => {
  await openBoard(workspace("a"), workspace("b"));
  const push = vi.spyOn(history, "pushState");
  const back = vi.spyOn(history, "back").mockImplementation(() => {
    history.replaceState(null, "", "?project=p1");
    window.dispatchEvent(new PopStateEvent("popstate"));
  });
  await openDetails("a");
  await openDetails("b");
  expect(push).toHaveBeenCalledTimes(1);
  fireEvent.click(screen.getByRole("tab", { name: "List" }));
  escape();
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(back).toHaveBeenCalledTimes(1);

  history.replaceState(null, "", "?project=p1&workspace=a"); // as if somebody went forward
  act(() => void window.dispatchEvent(new PopStateEvent("popstate")));
  expect(await screen.findByRole("dialog")).toBeTruthy();
});

test("the tab of the view names its panel", async () => {
  await openBoard(workspace("a"));
  for (const tab of screen.getAllByRole("tab")) {
    expect(document.getElementById(tab.getAttribute("aria-controls") ?? "")).toBeTruthy();
  }
});
