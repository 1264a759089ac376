import { focusManager, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { dropTokenFromAddress } from "./lib/url_state.ts";
import "./styles.css";

dropTokenFromAddress();

// Somebody who registers a project in a terminal comes back to a page that was visible all the time.
focusManager.setEventListener((onLook) => {
  const looked = () => onLook();
  document.addEventListener("visibilitychange", looked);
  window.addEventListener("focus", looked);
  return () => {
    document.removeEventListener("visibilitychange", looked);
    window.removeEventListener("focus", looked);
  };
});

// Nothing is fetched twice by itself: what changes arrives over the project's stream. The projects are the exception.
const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: Number.POSITIVE_INFINITY,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      networkMode: "always",
    },
  },
});

const root = document.getElementById("root");
if (!root) throw new Error("the page has no root element");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
);
