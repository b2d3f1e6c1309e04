-- What a test adds to the set-up of docs/editors.md, which it runs as it is written there.

-- vim.lsp.start came with Neovim 0.8; Debian 12 has 0.7.
vim.lsp.start = vim.lsp.start or function(config)
  vim.lsp.buf_attach_client(0, vim.lsp.start_client(config))
end

dofile(vim.env.DOCUMENTED)

local function told()
  local lines = {}
  for _, it in ipairs(vim.diagnostic.get(0)) do
    table.insert(lines, { it.lnum, it.col, it.end_col, it.severity, it.source, it.message })
  end
  return lines
end

-- Waits for the diagnostics of the file, types over something, and waits until they are gone.
function Check(report, old, new)
  vim.wait(10000, function() return #told() > 0 end, 10)
  local before = told()
  vim.cmd("%s#" .. old .. "#" .. new .. "#")
  vim.wait(10000, function() return #told() == 0 end, 10)
  vim.fn.writefile({ vim.fn.json_encode({ before, told() }) }, report)
  vim.cmd("qa!")
end
